import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

/**
 * `npm test` runs the unit tests beside the build and the tests that launch the built programs. A launched program waits
 * as much as it computes, and vitest runs projects with different numbers of workers one after the other, so there are
 * two runs of vitest. The output of the unit tests follows that of the others.
 *
 * `--gate DIR` adds coverage and the tests of the five seeds, and writes reports into DIR.
 */
const { gate } = parseArgs({ options: { gate: { type: 'string' } } }).values;
/** Memory as a folder, on Linux. */
const MEMORY = '/dev/shm';
/** Twice what the tests hold at once, programs and files. */
const ROOM_BYTES = 6 * 1_073_741_824;
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const temporary = folderInMemory();
const inGate = (...args) => (gate === undefined ? [] : args);

const unit = vitest('unit', inGate('--coverage'), 'pipe');
const tested = exitCode(unit);
const output = Promise.all([buffer(unit.stdout), buffer(unit.stderr)]);
const build = await exitCode(spawn('npm run build', { shell: true, stdio: 'inherit' }));
const launching = build === 0 ? exitCode(vitest('e2e', inGate('--project', 'seeds'), 'inherit')) : build;
const codes = await Promise.all([tested, launching]);
for (const bytes of await output) process.stdout.write(bytes);
process.exitCode = Math.max(...codes);

/**
 * Creates a temporary folder in memory, where there is room: on a disk, tests wait half a minute for writes to be synced.
 * What a real disk does to writes is tried by `npm run bench` and `npm run harden`.
 * @returns undefined without room; removed when this program ends
 */
function folderInMemory() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (Math.min(bavail * bsize, process.availableMemory()) < ROOM_BYTES) return undefined;
    const folder = mkdtempSync(join(MEMORY, 'shoal-tests-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
    return folder;
  } catch {
    return undefined; // Another system, or nothing may be written there.
  }
}

async function exitCode(program) {
  const [code] = await once(program, 'exit');
  return code ?? 1;
}

function vitest(project, args, output) {
  const report = inGate('--reporter=default', '--reporter=json', `--outputFile.json=${gate}/${project}.json`);
  return spawn(process.execPath, [VITEST, 'run', '--project', project, ...args, ...report], {
    stdio: ['ignore', output, output],
    env: temporary === undefined ? process.env : { ...process.env, TMPDIR: temporary },
  });
}
