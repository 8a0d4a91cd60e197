import { expect, onTestFinished, test, vi } from 'vitest';
import { factsAnswer, failureAnswer } from '../../../Cli/Running/Answers.ts';
import { Screen } from '../../../Cli/Running/Screen.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';

test('text of a command wraps at the width of the terminal', async () => {
  const { isTTY, columns } = process.stdout;
  Object.assign(process.stdout, { isTTY: true, columns: 20 });
  let shown = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text: unknown, done: unknown) => {
    shown += String(text);
    (done as () => void)();
    return true;
  });
  onTestFinished(() => {
    write.mockRestore();
    Object.assign(process.stdout, { isTTY, columns });
  });
  await new Screen({ json: false, progress: false }).answer(
    factsAnswer('uninstall', {}, '/home/anna/.cache  hashes of files'),
  );
  expect(shown).toBe('/home/anna/.cache\nhashes of files\n'.replace('\n', ' \n'));
});

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
