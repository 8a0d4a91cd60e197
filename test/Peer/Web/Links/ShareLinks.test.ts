import { expect, test } from 'vitest';
import { ShareLinks } from '../../../../Peer/Web/Links/ShareLinks.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

const content = { fileId: 'a'.repeat(64) as FileId, path: 'f/film.mkv', size: 5 };

function shareLinks() {
  const clock = new SimulatedClock();
  const disk = { value: undefined as unknown, fails: false };
  let secrets = 0;
  const open = async () => {
    const links = new ShareLinks({
      store: {
        load: async () => disk.value,
        save: async (value) => {
          if (disk.fails) throw new Error('read-only');
          disk.value = JSON.parse(JSON.stringify(value));
        },
      },
      wallMs: clock.wallMs,
      newSecret: () => `secret-of-a-test-number-${++secrets}`,
    });
    await links.load();
    return links;
  };
  return { clock, disk, open };
}

test('a link is found by its secret until it ends, also after a restart', async () => {
  const { clock, open } = shareLinks();
  const links = await open();
  expect(links.any).toBe(false);
  const made = await links.create(content, 1_000);
  expect(made).toMatchObject({ number: 1, ...content, expiresWallMs: clock.wallMs() + 1_000 });
  const again = await open();
  expect(again.find(made.secret)).toEqual(made);
  expect(again.find('secret-of-a-test-number-2')).toBeUndefined();
  clock.advance(1_000);
  for (const each of [links, again])
    expect([each.find(made.secret), each.list(), each.any]).toEqual([undefined, [], false]);
});

test('a revoked link is gone, also after a restart', async () => {
  const { open } = shareLinks();
  const links = await open();
  const [first, second] = [await links.create(content, 1_000), await links.create(content, 1_000)];
  expect(second.number).toBe(2);
  expect(await links.revoke(1)).toEqual(first);
  await expect(links.revoke(1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await open()).list()).toEqual([second]);
});

test('a damaged file counts as missing; a disk that cannot be written is reported', async () => {
  const { disk, open } = shareLinks();
  for (const value of ['x', { links: [{ number: 0 }] }, { links: [{ number: 1, secret: '../x' }] }]) {
    disk.value = value;
    expect((await open()).list()).toEqual([]);
  }
  disk.fails = true;
  await expect((await open()).create(content, 1_000)).rejects.toMatchObject({ code: 'DISK_FAILED' });
});

test('there are at most 1,000 links', async () => {
  const { disk, open } = shareLinks();
  const made = await (await open()).create(content, 1_000);
  const links999 = Array.from({ length: 999 }, (_, n) => ({
    ...made,
    number: n + 1,
    secret: `${made.secret}-${n}`,
  }));
  disk.value = { links: links999 };
  const links = await open();
  await links.create(content, 1_000);
  await expect(links.create(content, 1_000)).rejects.toMatchObject({ code: 'BUSY' });
});
