import fc from 'fast-check';
import { afterAll, expect } from 'vitest';

/** Properties draw the same cases every time, so that a red test is red again; SHOAL_SEED=… looks elsewhere. */
const { SHOAL_SEED } = process.env;
fc.configureGlobal({ seed: SHOAL_SEED === undefined ? 20_240_501 : Number(SHOAL_SEED) });

/** Files share a process: what one changed in it would be another's failure, or its success. */
const before = surroundings();
afterAll(() => expect(surroundings(), 'what this file leaves behind').toEqual(before));

function surroundings() {
  // Libraries that clean up at the end stay loaded.
  const events = process.eventNames().filter((name) => name !== 'exit');
  const listeners = events.map((name) => [name, process.listenerCount(name)]);
  return { cwd: process.cwd(), env: { ...process.env }, listeners };
}
