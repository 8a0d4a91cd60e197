import { createInterface } from 'node:readline';
import readlineSync from 'readline-sync';
import { safeText } from '../Shared/SafeText.ts';
import { ShoalError } from '../Shared/ShoalError.ts';

/** One question: its answer read as a value, or the default when nothing was typed. */
export interface Question<T> {
  readonly text: string;
  readonly preset: T;
  /** @throws ShoalError USAGE */
  readonly read: (answer: string) => T;
}

/** Gives answers, in the order of the questions. */
export type Ask = <T>(question: Question<T>) => T;

/** Asks at the terminal, which stops everything else: only before the network starts. A wrong answer is asked again. */
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

/** Answers from the lines of a pipe; one that is missing is empty. A wrong answer ends it. */
export async function askPipe(input: NodeJS.ReadStream, count: number): Promise<Ask> {
  const lines: string[] = [];
  const reader = createInterface({ input });
  for await (const line of reader) {
    if (lines.push(line.trim()) === count) break;
  }
  reader.close();
  input.destroy(); // An open pipe would keep the program alive when it is told to end.
  return (question) => {
    const answer = lines.shift() ?? '';
    return answer === '' ? question.preset : question.read(answer);
  };
}
