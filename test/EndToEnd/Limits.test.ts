import { expect } from 'vitest';
import { someMebibytes, lanTest as test } from '../Support/TestLan.ts';

/** Only a lower bound on time is asserted: a slow machine cannot break it. */
test.concurrent.for([
  ['--upload-limit', 'anna'],
  ['--download-limit', 'berta'],
] as const)('%s 20M holds', async ([flag, limited], { lan }) => {
  const film = someMebibytes(70, 40);
  const args = (name: string) => (name === limited ? [flag, '20M'] : []);
  await lan.seeder('anna', { files: { 'film.bin': film }, args: args('anna') });
  const leecher = await lan.peer('berta', { args: args('berta') });
  await leecher.items('peers');
  const begun = performance.now();
  await leecher.items('download film.bin');
  const seconds = (performance.now() - begun) / 1_000;
  expect(film.equals(await leecher.read('film.bin'))).toBe(true);
  // The bytes of one second may arrive as a burst.
  expect(seconds).toBeGreaterThan((film.length - 20e6) / 20e6);
});

test('two downloads share one upload limit', async ({ lan }) => {
  const film = someMebibytes(71, 16);
  const files = { 'film.bin': film };
  const seeder = await lan.seeder('anna', { files, args: ['--upload-limit', '10M'] });
  const leechers = await Promise.all(['berta', 'clara'].map((name) => lan.peer(name)));
  await Promise.all(leechers.map((leecher) => leecher.items('peers')));
  const begun = performance.now();
  await Promise.all(leechers.map((leecher) => leecher.items('download film.bin')));
  const seconds = (performance.now() - begun) / 1_000;
  expect(await seeder.sent()).toBeLessThan(10e6 * (seconds + 1.5));
});
