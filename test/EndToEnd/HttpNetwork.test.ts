import { execFile } from 'node:child_process';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { chromium as launcher, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QUIET_MS } from '../../bench/Programs/LaunchedProgram.ts';
import { silentWav, WAV_HEADER_BYTES } from '../../Demo/Wav.ts';
import { CHROMIUM_PATH, chromium, curlAndAria2, title } from '../Support/Requires.ts';
import type { TempFolder } from '../Support/TempFolder.ts';
import { someMebibytes, TestLan } from '../Support/TestLan.ts';
import type { TestPeer } from '../Support/TestPeer.ts';

/** Files of the network over HTTP: four peers have a film, one has a recording, and one without files serves all. */

const NO_PROGRAMS = curlAndAria2();
const NO_BROWSER = chromium();
const FILM = someMebibytes(1, 24);
const RECORDING_SECONDS = 300;

const lan = new TestLan();
let seeders: readonly TestPeer[];
let gate: TestPeer;
let folder: TempFolder;
let base: string;

beforeAll(async () => {
  await lan.tracker();
  // 12 s of VP9 and Opus, with the index at the end.
  const encoded = await readFile(new URL('film.webm', import.meta.url));
  const recordings = { 'tone.wav': recording(RECORDING_SECONDS), 'film.webm': encoded };
  const names = ['anna', 'berta', 'carla', 'dora'];
  seeders = await Promise.all(
    names.map((name) =>
      lan.seeder(name, {
        files: { 'film.bin': FILM, ...(name === 'anna' ? recordings : {}) },
      }),
    ),
  );
  gate = await lan.seeder('gate');
  folder = await lan.launcher.folder();
  base = `http://127.0.0.1:${gate.port}`;
});
afterAll(() => lan.close());

const run = promisify(execFile);
const curl = (...args: string[]) => run('curl', ['-sf', ...args], { encoding: 'buffer' });
const sent = () => Promise.all(seeders.map((peer) => peer.sent()));

describe.skipIf(NO_PROGRAMS !== undefined)(title('curl and aria2', NO_PROGRAMS), () => {
  test('curl fetches, resumes and reads ranges of a file of other peers; nothing is stored', async () => {
    const copy = folder.at('film.bin');
    await curl('-o', copy, `${base}/network/film.bin`);
    expect(FILM.equals(await readFile(copy))).toBe(true);
    expect((await sent()).filter((bytes) => bytes > 0).length).toBeGreaterThan(1);

    await truncate(copy, 10_000_001);
    await curl('-C', '-', '-o', copy, `${base}/network/film.bin`);
    expect(FILM.equals(await readFile(copy))).toBe(true);

    const { stdout: part } = await curl('-r', '20000000-20000009', `${base}/network/film.bin`);
    expect(part).toEqual(FILM.subarray(20_000_000, 20_000_010));
    const { stdout: head } = await curl('-I', `${base}/network/film.bin`);
    expect(String(head)).toMatch(new RegExp(`^content-length: ${FILM.length}\r$`, 'im'));
    expect(await gate.files()).toEqual([]);
  });

  test('aria2 fetches from all four peers by the Metalink, and finds a wrong copy', async () => {
    const [found] = await gate.items('search film.bin');
    const { stdout: document } = await curl(`${base}/network/${found?.id}.meta4`);
    await writeFile(folder.at('film.meta4'), document);
    const aria2 = (into: string, ...args: string[]) =>
      run('aria2c', [
        ...['--no-conf', '--quiet', '--file-allocation=none', '--dir', folder.at(into)],
        ...['--split=4', '--max-connection-per-server=4', '--min-split-size=1M'],
        // Slow enough for all four to be connected before one has sent everything.
        ...['--max-overall-download-limit=6M', ...args],
        ...['--metalink-file', folder.at('film.meta4')],
      ]);
    // The first request loads the HTTP server of a peer.
    await Promise.all(seeders.map(({ port }) => curl(`http://127.0.0.1:${port}/healthz`)));
    const before = await sent();
    await aria2('aria2');
    expect(FILM.equals(await readFile(folder.at('aria2/film.bin')))).toBe(true);
    const given = (await sent()).map((bytes, index) => bytes - (before[index] ?? 0));
    expect(given.filter((bytes) => bytes > 0)).toHaveLength(4);
    // aria2 cuts connections short, so that some bytes are sent in vain.
    expect(given.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThanOrEqual(FILM.length);

    // The hashes of the document are those of the pieces: a damaged one is fetched again.
    const damaged = Buffer.from(FILM);
    damaged[5_000_000] = ~(damaged[5_000_000] ?? 0) & 0xff;
    await folder.write('damaged/film.bin', damaged);
    await aria2('damaged', '--check-integrity=true', '--allow-overwrite=false');
    expect(FILM.equals(await readFile(folder.at('damaged/film.bin')))).toBe(true);
  });
});

describe.skipIf(NO_BROWSER !== undefined)(title('a browser', NO_BROWSER), () => {
  test('the page plays and seeks in a recording and a film of other peers while they arrive', async () => {
    const browser = await launcher.launch({
      executablePath: CHROMIUM_PATH,
      args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
    });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(QUIET_MS);
      expect(await played(page, 'tone.wav', 'audio', RECORDING_SECONDS - 20)).toEqual({
        duration: RECORDING_SECONDS,
        picture: undefined,
      });
      expect(await played(page, 'film.webm', 'video', 8)).toEqual({ duration: 12, picture: 160 });
    } finally {
      await browser.close();
    }
  });
});

/** Opens a file from a search, plays it, seeks to `second`, and continues to play. */
async function played(page: Page, name: string, kind: 'audio' | 'video', second: number): Promise<unknown> {
  await page.goto(`${base}/?q=${name}`);
  await page.getByText(name).first().click();
  const player = page.locator(`dialog ${kind}`);
  await player.waitFor();
  expect(await player.getAttribute('src')).toMatch(new RegExp(`^/network/[0-9a-f]{64}/${name}$`));
  return page.evaluate(`(async () => {
    const player = document.querySelector('dialog ${kind}');
    const until = (event) => new Promise((resolve, reject) => {
      player.addEventListener(event, resolve, { once: true });
      player.addEventListener('error', () => reject(new Error(player.error.message)), { once: true });
    });
    await (player.readyState > 0 || until('loadedmetadata'));
    await player.play();
    await until('timeupdate');
    player.currentTime = ${second};
    await until('seeked');
    while (player.currentTime < ${second} + 0.1) await until('timeupdate');
    return { duration: Math.round(player.duration), picture: player.videoWidth };
  })()`);
}

/** A recording in PCM, 48 kHz, 16 bits, two channels. */
function recording(seconds: number): Buffer {
  return silentWav(seconds, 48_000, 2).fill(7, WAV_HEADER_BYTES);
}
