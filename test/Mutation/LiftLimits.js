import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limitsOf } from './WrapLimits.js';

/** A run without a limit that takes this many times as long as the run with all limits counts as failed: a loop without end. */
const ENDLESS_TIMES = 10;

/**
 * Multiplies every limit that a folder uses by a million, one at a time, and runs the tests that use it. A limit
 * survives when all of them pass.
 * @param {readonly { path: string, text: string }[]} sources
 */
export async function liftLimits(sources) {
  const scratch = mkdtempSync(join(tmpdir(), 'shoal-limits-'));
  try {
    const list = join(scratch, 'used');
    const startMs = performance.now();
    await passes([], { LIMITS_USED: list });
    const endlessMs = ENDLESS_TIMES * (performance.now() - startMs);
    const users = usersOf(list);
    const limits = sources.flatMap(({ path, text }) => [...limitsOf(path, text)]);
    let killed = 0;
    for (const key of limits) {
      const files = users.get(key);
      if (files === undefined) {
        console.log(`not used ${key}`);
        continue;
      }
      const lifted = { LIFTED_LIMIT: key };
      // A limit that is read while a module loads is listed for one file of those that use it.
      const survives = (await passes(files, lifted, endlessMs)) && (await passes([], lifted, endlessMs));
      if (!survives) killed++;
      console.log(`${survives ? 'survived' : 'killed  '} ${key}`);
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

/** @param {readonly string[]} files - none: all of the room */
function passes(files, env, endlessMs) {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/Mutation/limits.config.js'];
  const child = spawn(process.execPath, [...vitest, '--bail=1', ...files], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  const late = endlessMs === undefined ? undefined : setTimeout(() => child.kill(), endlessMs);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(late);
      resolve(code === 0);
    });
  });
}
