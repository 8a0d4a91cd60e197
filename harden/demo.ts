import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LaunchedProgram } from '../bench/Programs/LaunchedProgram.ts';
import { natsMissing } from '../bench/Trackers/NatsProgram.ts';
import { type Figure, figure } from './Trial.ts';

const DEMO = fileURLToPath(new URL('../Demo/main.js', import.meta.url));
/** Limit on time without output: a download of 96 MiB on a busy machine. */
const QUIET_MS = 120_000;

/** `npm run demo -- --cluster`: one of three trackers is killed, nothing is missed, and no file stays behind. */
export async function run(): Promise<readonly Figure[]> {
  const missing = await natsMissing();
  if (missing !== undefined) return [{ name: 'not run', value: missing, met: true }];
  const folder = await mkdtemp(join(tmpdir(), 'shoal-demo-'));
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder };
  const demo = new LaunchedProgram('demo', spawn(process.execPath, [DEMO, '--cluster'], { env }), folder);
  try {
    const code = await demo.exitCode(QUIET_MS);
    const [found, seconds] =
      /^After (\S+ s) everyone finds the files of all six again\.$/m.exec(demo.stdout) ?? [];
    const wentOn = /^The download went on: \d+ MiB, both copies equal\.$/m.test(demo.stdout);
    const left = await readdir(folder);
    return [
      figure('exit code', String(code), '0', code === 0),
      figure('all files found after a tracker was killed', seconds ?? 'never', 'found', found !== undefined),
      figure('the download meanwhile', wentOn ? 'equal' : demo.stderr, 'equal', wentOn),
      figure('files left behind', String(left.length), '0', left.length === 0),
    ];
  } finally {
    await demo.kill();
    await rm(folder, { recursive: true, force: true });
  }
}
