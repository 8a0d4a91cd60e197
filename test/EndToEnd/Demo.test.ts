import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { nodeBinary } from '../Support/launch.ts';
import { TempFolder } from '../Support/TempFolder.ts';

const DEMO = fileURLToPath(new URL('../../dist/Demo/main.js', import.meta.url));

test('C9: the demo shows peers exchanging parts, proves that the copies are equal, and leaves nothing behind', async () => {
  const folder = await TempFolder.forTest();
  const program = spawn(nodeBinary(), [DEMO], {
    env: { PATH: process.env.PATH, HOME: folder.path, TMPDIR: folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [program.stdout, program.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(program, 'close');
  expect(output).toMatch(/Received by/);
  expect(output.match(/ equal$/gm)).toHaveLength(4);
  expect(output).toMatch(
    /^The third pushes pushed\.bin to the fourth: (\d+) of \1 chunks confirmed, both copies equal\.$/m,
  );
  const [, fromThird = ''] = /^fourth +\S+ \S+ +\S+ \S+ +(\d\S*) [kMG]?B/m.exec(output) ?? [];
  expect(Number(fromThird)).toBeGreaterThan(0);
  expect(code).toBe(0);
  expect(await readdir(folder.path)).toEqual([]);
});

test('demo --web: four peers with a page stay until Ctrl-C, and leave nothing behind', async () => {
  const folder = await TempFolder.forTest();
  const program = spawn(nodeBinary(), [DEMO, '--web'], {
    env: { PATH: process.env.PATH, HOME: folder.path, TMPDIR: folder.path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(program, 'close');
  let output = '';
  const address = await new Promise<URL>((resolve, reject) => {
    ended.then(() => reject(new Error(output)), reject);
    program.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const [found] = /http:\S+#token=\S+/.exec(output) ?? [];
      if (found !== undefined) resolve(new URL(found));
    });
  });
  const headers = { Authorization: `Bearer ${address.hash.slice('#token='.length)}` };
  const search = await fetch(new URL('/api/v1/search?q=harbour', address), { headers });
  expect(await search.json()).toMatchObject({ ok: true, total: 3 });
  program.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(await readdir(folder.path)).toEqual([]);
});
