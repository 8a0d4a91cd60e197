/** Settings of a bench run, from the command line. */
export interface Settings {
  /** Small sizes, to try a bench or to compare two builds. Only whole runs go into docs/contributing/performance.md. */
  readonly quick: boolean;
  /** Pairs of turns, Shoal and rival. */
  readonly pairs: number;
}

export const WHOLE: Settings = { quick: false, pairs: 3 };
