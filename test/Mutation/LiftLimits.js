import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limitsOf } from './WrapLimits.js';

/** A longer run counts as failed: without the limit, a loop has no end. */
const RUN_MS = 180_000;

/**
 * Multiplies every limit that a folder uses by a million, one at a time, and runs the tests that use it. A limit
 * survives when all of them pass.
 * @param {readonly { path: string, text: string }[]} sources
 */
export async function liftLimits(sources) {
  const scratch = mkdtempSync(join(tmpdir(), 'shoal-limits-'));
  try {
    const list = join(scratch, 'used');
    await passes([], { LIMITS_USED: list });
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
      const survives = (await passes(files, lifted)) && (await passes([], lifted));
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
function passes(files, env) {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/Mutation/limits.config.js'];
  const child = spawn(process.execPath, [...vitest, '--bail=1', ...files], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  const late = env.LIFTED_LIMIT === undefined ? undefined : setTimeout(() => child.kill(), RUN_MS);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(late);
      resolve(code === 0);
    });
  });
}
