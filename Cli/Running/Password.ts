import { createInterface } from 'node:readline';
import { ShoalError } from '../../Shared/ShoalError.ts';

/**
 * Reads a new password: twice at the terminal, without showing it; else one line of a pipe. Empty: none is wanted.
 * @throws ShoalError USAGE when both differ
 */
export async function readPassword(input: NodeJS.ReadStream = process.stdin): Promise<string> {
  if (input.isTTY !== true) return firstLine(input);
  const { default: readlineSync } = await import('readline-sync');
  const ask = (text: string) => readlineSync.question(text, { hideEchoBack: true, mask: '' });
  const first = ask('New password (empty: remove it): ');
  if (first === '' || ask('Once more: ') === first) return first;
  throw new ShoalError('USAGE', 'the two passwords differ', { hint: 'Try again: shoal web --password' });
}

async function firstLine(input: NodeJS.ReadStream): Promise<string> {
  const lines = createInterface({ input });
  for await (const line of lines) {
    lines.close();
    input.destroy();
    return line;
  }
  return '';
}
