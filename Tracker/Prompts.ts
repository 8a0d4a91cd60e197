import { createInterface } from 'node:readline';
import readlineSync from 'readline-sync';
import { ShoalError } from '../Shared/ShoalError.ts';
import { safeText } from '../Shared/Text/SafeText.ts';

/** A question to the user. An empty answer takes `preset`. */
export interface Question<T> {
  readonly text: string;
  readonly preset: T;
  /** @throws ShoalError USAGE */
  readonly read: (answer: string) => T;
}

/** Returns the answer to a question. */
export type Ask = <T>(question: Question<T>) => T;

/** Prompts at the terminal, again after an invalid answer. Blocks the event loop: only before the network starts. */
export function askTerminal<T>(question: Question<T>): T {
  for (;;) {
    const answer = readlineSync.question(`${question.text} [${String(question.preset)}]: `).trim();
    try {
      return answer === '' ? question.preset : question.read(answer);
    } catch (failure) {
      if (!(failure instanceof ShoalError)) throw failure;
      console.error(`${safeText(failure.message)}. ${failure.hint ?? ''}`);
    }
  }
}

/** Reads the answers from the lines of a pipe; a missing line is an empty answer. An invalid one throws. */
export async function askPipe(input: NodeJS.ReadStream, count: number): Promise<Ask> {
  const lines: string[] = [];
  const reader = createInterface({ input });
  for await (const line of reader) {
    if (lines.push(line.trim()) === count) break;
  }
  reader.close();
  input.destroy(); // An open pipe would keep the program alive after a signal.
  return (question) => {
    const answer = lines.shift() ?? '';
    return answer === '' ? question.preset : question.read(answer);
  };
}
