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
  return key === LIFTED_LIMIT ? liftedOf(value, /MIN$/.test(key) ? 0 : FACTOR) : value;
};
function liftedOf(value, factor) {
  if (Array.isArray(value)) return value.map((each) => each * factor);
  if (typeof value === 'bigint') return value * BigInt(factor);
  if (typeof value !== 'object') return value * factor;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, each * factor]));
}
if (LIMITS_USED !== undefined)
  afterAll(() => {
    const file = relative(process.cwd(), expect.getState().testPath);
    appendFileSync(LIMITS_USED, `${JSON.stringify({ file, keys: [...globalThis.usedLimits] })}\n`);
    globalThis.usedLimits.clear();
  });
