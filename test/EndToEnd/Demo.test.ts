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
