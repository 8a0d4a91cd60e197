import { expect } from 'vitest';
import { LINUX, title } from '../Support/Requires.ts';
import { someMebibytes, lanTest as test } from '../Support/TestLan.ts';

/** Long enough for the thread to start while the first chunks are copied. */
const FILM = someMebibytes(71, 48);

test.skipIf(LINUX).concurrent.for([
  ['by sendfile', [], { path: 'sendfile', reason: null }],
  ['with copies', ['--no-sendfile'], { path: 'copy', reason: 'switched off' }],
] as const)(
  title('a large file is sent %s, whole, and the peer says so', LINUX),
  async ([, args, sending], { lan }) => {
    const seeder = await lan.seeder('anna', { files: { 'film.bin': FILM }, args: [...args] });
    const leecher = await lan.peer('berta');
    await leecher.items('download film.bin');
    expect(FILM.equals(await leecher.read('film.bin'))).toBe(true);
    expect((await seeder.answer('status')).network).toMatchObject({ sending });
  },
);
