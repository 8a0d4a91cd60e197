import { ShoalError } from '../../Shared/ShoalError.ts';

/** Something that strangers send bytes to. */
export interface Target {
  readonly name: string;
  /** Handles one input; how many messages it had. @throws when the program would end */
  step(): number;
}

/** Runs what may refuse its input. @returns false for a refusal @throws every other failure */
export function accepts(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (failure) {
    if (failure instanceof ShoalError && failure.code === 'BAD_FRAME') return false;
    throw failure;
  }
}
