import { ShoalError } from '../../Shared/ShoalError.ts';

/** A handler of bytes from strangers. */
export interface Target {
  readonly name: string;
  /** Handles one input. @returns its number of messages @throws an error that would end the program */
  step(): number;
}

/** Runs code that may refuse its input. @returns false for a refusal @throws every other failure */
export function accepts(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (failure) {
    if (failure instanceof ShoalError && failure.code === 'BAD_FRAME') return false;
    throw failure;
  }
}
