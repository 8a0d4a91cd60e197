import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { afterAll, expect } from 'vitest';

/**
 * Runs before any source is loaded. LIFTED_LIMIT names the limit to lift, LIMITS_USED the file that lists used
 * limits.
 */
const FACTOR = 1_000_000;
const { LIFTED_LIMIT, LIMITS_USED } = process.env;
globalThis.usedLimits ??= new Set();
globalThis.limitOf ??= (key, value) => {
  globalThis.usedLimits.add(key);
  if (key !== LIFTED_LIMIT) return value;
  return Array.isArray(value) ? value.map((each) => each * FACTOR) : value * FACTOR;
};
if (LIMITS_USED !== undefined)
  afterAll(() => {
    const file = relative(process.cwd(), expect.getState().testPath);
    appendFileSync(LIMITS_USED, `${JSON.stringify({ file, keys: [...globalThis.usedLimits] })}\n`);
    globalThis.usedLimits.clear();
  });
