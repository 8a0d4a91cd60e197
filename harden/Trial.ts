/** Types of all trials. */

/** Settings of a run of a trial. */
export interface TrialSettings {
  /** The short form of the gate: at most about 20 s. */
  readonly short: boolean;
  /** Seeds every random choice, so that a failure can be repeated. */
  readonly seed: number;
  /** Duration of `soak`, and upper bound for `kills` and `fuzz`; undefined: their usual one. */
  readonly minutes: number | undefined;
}

/** One line of the result. */
export interface Figure {
  readonly name: string;
  /** With its unit. */
  readonly value: string;
  /** The goal, in words; omitted for figures without one. */
  readonly wanted?: string;
  /** False fails the trial, with one exception: `timed`. */
  readonly met: boolean;
  /** Time or CPU decides: a miss is shown, but does not fail the short form, which may run beside other work. */
  readonly timed?: boolean;
}

export function figure(name: string, value: string, wanted: string, met: boolean): Figure {
  return { name, value, wanted, met };
}

/** A figure that time or CPU decides. */
export function timedFigure(name: string, value: string, wanted: string, met: boolean): Figure {
  return { ...figure(name, value, wanted, met), timed: true };
}

/** A trial is a file of this folder whose name begins with a small letter. */
export interface Trial {
  /** Prints progress to stderr. @throws when the trial itself cannot run, with a sentence that says why */
  run(settings: TrialSettings): Promise<readonly Figure[]>;
}
