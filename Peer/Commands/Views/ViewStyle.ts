import picocolors from 'picocolors';
import { type CommandForm, shellForm } from '../../../Shared/ShoalError.ts';

/** Terminal properties that a view adapts to. */
export interface ViewStyle {
  /** Columns of the terminal; `Infinity` without a terminal: no text is shortened. */
  readonly width: number;
  readonly paint: Paint;
  /** Rows of a table before the rest is only counted; `Infinity` in a pipe. */
  readonly rowsMax: number;
  /** The answer is printed in a shell, where a command begins with `shoal`; undefined: in the console. */
  readonly inShell?: boolean;
}

/** Commands as the reader of the style types them. */
export function commandForm({ inShell }: Pick<ViewStyle, 'inShell'>): CommandForm {
  return inShell === true ? shellForm : (command) => command;
}

/** A command for the user to type next. */
export function nextCommand(style: Pick<ViewStyle, 'inShell'>, command: string): string {
  return commandForm(style)(command);
}

/** Colours by meaning. The texts must have gone through `safeText` before. */
export interface Paint {
  readonly head: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly notice: (text: string) => string;
}

/** @param color - whether to write escape sequences: never into a pipe or a file, nor with NO_COLOR */
export function makePaint(color: boolean): Paint {
  const colors = picocolors.createColors(color);
  return { head: colors.bold, dim: colors.dim, good: colors.green, bad: colors.red, notice: colors.cyan };
}
