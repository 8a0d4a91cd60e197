/** How a run of the bench was asked for. */
export interface Settings {
  /** Small sizes, to see whether it works or to compare two builds. Only whole runs go into docs/contributing/performance.md. */
  readonly quick: boolean;
  /** Pairs of turns, Shoal and rival. */
  readonly pairs: number;
}

export const WHOLE: Settings = { quick: false, pairs: 3 };
