import { createHash, createPublicKey } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { lanTest as test } from '../Support/TestLan.ts';
import { eventually } from '../Support/TestPeer.ts';
import { RECORDS, restoreState, SHARED, WANTED } from '../Support/UpgradeState.ts';

const MIB = 1_048_576;

describe.each(readdirSync(RECORDS))('the state that version %s left', (version) => {
  const record = join(RECORDS, version);

  test('is taken over: the id, the hashes, the history; unfinished downloads resume', async ({ lan }) => {
    const anna = await lan.seeder('anna', { files: WANTED });
    const first = await lan.peer('berta', { files: SHARED });
    await first.isPublished(); // The folders of the peer exist.
    first.program.type('quit');
    await first.program.exitCode();
    await restoreState(record, first);

    const { share, port } = first;
    const berta = await lan.peer('berta', { share, port, home: first.program.home });
    const listed = Object.fromEntries((await berta.items('list')).map(({ path, id }) => [path, id]));
    // The files have another content now: these ids are from the cache.
    const hashes = await readFile(join(record, 'hashes.txt'), 'utf8');
    for (const path of Object.keys(SHARED)) expect(hashes).toContain(` ${listed[path]} `);
    const history = await berta.items('uploads --history');
    expect(history).toMatchObject([{ path: 'mine.txt', complete: true }]);
    const key = createPublicKey(await readFile(join(record, 'state/identity.pem')));
    const id = createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('hex');
    expect(JSON.stringify(await berta.answer('whoami'))).toContain(id);

    const downloads = await eventually('both downloads are done', async (note) => {
      const items = await berta.items('downloads');
      note(JSON.stringify(items.map(({ state, bytes }) => [state, bytes])));
      return items.length === 2 && items.every(({ state }) => state === 'done') ? items : undefined;
    });
    for (const [path, bytes] of Object.entries(WANTED))
      expect(bytes.equals(await berta.read(path))).toBe(true);
    expect(downloads.every(({ bytesFromBefore }) => bytesFromBefore >= MIB)).toBe(true);
    const wanted = Object.values(WANTED).reduce((sum, bytes) => sum + bytes.length, 0);
    expect(await anna.sent()).toBeLessThanOrEqual(wanted - 2 * MIB);
    expect((await berta.files()).filter((path) => path.startsWith('Temp/'))).toEqual([]);
  });
});
