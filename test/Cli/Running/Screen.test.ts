import { expect, onTestFinished, test, vi } from 'vitest';
import { failureAnswer } from '../../../Cli/Running/Answers.ts';
import { Screen } from '../../../Cli/Running/Screen.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';

test('a progress line is erased before an error, whichever screen prints it', async () => {
  const { isTTY } = process.stderr;
  process.stderr.isTTY = true;
  vi.stubEnv('TERM', 'xterm');
  let shown = '';
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    shown += String(text);
    return true;
  });
  onTestFinished(() => {
    write.mockRestore();
    vi.unstubAllEnvs();
    process.stderr.isTTY = isTTY;
  });
  const options = { json: false, progress: false };
  new Screen(options).progress({ line: 'film.mkv  35 %' });
  await new Screen(options).answer(failureAnswer('get', new ShoalError('TIMEOUT', 'too late')));
  expect(shown).toBe('film.mkv  35 %\r\u001b[Jerror: too late\n');
});
