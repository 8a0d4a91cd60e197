import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { afterAll, expect } from 'vitest';

/** Before anything of the product is loaded: `LIFTED_LIMIT` names the limit that does not hold; `LIMITS_USED` notes which are used. */
const { LIFTED_LIMIT, LIMITS_USED } = process.env;
globalThis.limitsUsed ??= new Set();
globalThis.limitOf ??= (key, value) => {
  if (typeof value !== 'number') return value;
  if (key === LIFTED_LIMIT) return value * 1_000_000;
  if (LIMITS_USED !== undefined) globalThis.limitsUsed.add(key);
  return value;
};
if (LIMITS_USED !== undefined)
  afterAll(() => {
    const used = {
      file: relative(process.cwd(), expect.getState().testPath),
      keys: [...globalThis.limitsUsed],
    };
    appendFileSync(LIMITS_USED, `${JSON.stringify(used)}\n`);
    globalThis.limitsUsed.clear();
  });
