import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limitsOf } from './WrapLimits.js';

/**
 * A run without a limit that takes this many times as long as the run with all limits is ended: a loop without end, or
 * a busy machine. It is reported as `late`, to be looked at by hand.
 */
const ENDLESS_TIMES = 10;

/**
 * Multiplies every limit that a folder uses by a million (a minimum: by 0), one at a time, and runs the tests that use
 * it. A limit survives when all of them pass.
 * @param {readonly { path: string, text: string }[]} sources
 * @param {RegExp} names - of the limits to lift
 */
export async function liftLimits(sources, names) {
  const scratch = mkdtempSync(join(tmpdir(), 'shoal-limits-'));
  try {
    const list = join(scratch, 'used');
    const startMs = performance.now();
    await run([], { LIMITS_USED: list });
    const endlessMs = ENDLESS_TIMES * (performance.now() - startMs);
    const users = usersOf(list);
    const all = sources.flatMap(({ path, text }) => [...limitsOf(path, text)]);
    const limits = all.filter((key) => names.test(key));
    let killed = 0;
    for (const key of limits) {
      const files = users.get(key);
      if (files === undefined) {
        console.log(`not used ${key}`);
        continue;
      }
      const lifted = { LIFTED_LIMIT: key };
      // A limit that is read while a module loads is listed for one file of those that use it.
      let result = await run(files, lifted, endlessMs);
      if (result === 'survived') result = await run([], lifted, endlessMs);
      if (result === 'killed') killed++;
      console.log(`${result.padEnd(8)} ${key}`);
    }
    console.log(`${killed} of ${limits.length} limits have a test that fails without them`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Test files by limit. */
function usersOf(list) {
  const users = new Map();
  for (const line of readFileSync(list, 'utf8').trim().split('\n')) {
    const { file, keys } = JSON.parse(line);
    for (const key of keys) users.set(key, [...(users.get(key) ?? []), file]);
  }
  return users;
}

/**
 * @param {readonly string[]} files - none: all of the room
 * @returns {Promise<'survived' | 'killed' | 'late'>}
 */
function run(files, env, endlessMs) {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/Mutation/limits.config.js'];
  const child = spawn(process.execPath, [...vitest, '--bail=1', ...files], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  const timer = endlessMs === undefined ? undefined : setTimeout(() => child.kill(), endlessMs);
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(signal !== null ? 'late' : code === 0 ? 'survived' : 'killed');
    });
  });
}
