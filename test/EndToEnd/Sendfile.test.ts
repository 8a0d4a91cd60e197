import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { LINUX, title } from '../Support/Requires.ts';
import { someMebibytes, lanTest as test } from '../Support/TestLan.ts';
import type { TestPeer } from '../Support/TestPeer.ts';

/** Long enough for the thread to start while the first chunks are copied. */
const FILM = someMebibytes(71, 48);

test.skipIf(LINUX).concurrent.for([
  ['by sendfile', [], { path: 'sendfile', reason: null }, true],
  ['with copies', ['--no-sendfile'], { path: 'copy', reason: 'switched off' }, false],
] as const)(
  title('a large file is sent %s, whole, and the peer says so', LINUX),
  async ([, args, sending, byThread], { lan }) => {
    const seeder = await lan.seeder('anna', { files: { 'film.bin': FILM }, args: [...args] });
    const leecher = await lan.peer('berta');
    await leecher.items('download film.bin');
    expect(FILM.equals(await leecher.read('film.bin'))).toBe(true);
    expect((await seeder.answer('status')).network).toMatchObject({ sending });
    const [main = Number.NaN, ...others] = await nicenesses(seeder);
    expect(others.includes(main + 5), 'the thread that sends lets receivers go first').toBe(byThread);
  },
);

/** Niceness of each thread, the main thread first; NaN: it has just ended. */
async function nicenesses({ program: { pid } }: TestPeer): Promise<readonly number[]> {
  const threads = (await readdir(`/proc/${pid}/task`)).sort((one, other) => Number(one) - Number(other));
  return Promise.all(
    threads.map(async (thread) => {
      const state = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => '');
      return Number(state.slice(state.lastIndexOf(')') + 2).split(' ')[16] ?? Number.NaN);
    }),
  );
}
