import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { History } from '../../../../Peer/Commands/Console/History.ts';

test('the last 1,000 lines are kept, newest first, in a file of the owner only; long and unsafe lines are not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-history-'));
  try {
    const path = join(folder, 'sub', 'history');
    const history = new History(path);
    history.save([
      'list',
      'x'.repeat(5_000),
      'a\u001b[2J',
      ' ',
      ...Array.from({ length: 1_500 }, (_, n) => `n${n}`),
    ]);
    await history.close();
    const lines = await new History(path).load();
    expect(lines.slice(0, 2)).toEqual(['list', 'n0']);
    expect(lines.at(-1)).toBe('n995');
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(998);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
});
