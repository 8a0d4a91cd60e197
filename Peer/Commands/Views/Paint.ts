import picocolors from 'picocolors';

/** Colours by meaning. Texts must be safe already. */
export interface Paint {
  readonly head: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly notice: (text: string) => string;
}

/** Escape sequences only if they are wanted: never for a pipe, a file or NO_COLOR. */
export function makePaint(color: boolean): Paint {
  const colors = picocolors.createColors(color);
  return { head: colors.bold, dim: colors.dim, good: colors.green, bad: colors.red, notice: colors.cyan };
}
