import fc from 'fast-check';
import { afterAll, expect } from 'vitest';

/** Properties draw the same cases in every run, so that failures are reproducible; SHOAL_SEED=… draws others. */
const { SHOAL_SEED } = process.env;
fc.configureGlobal({ seed: SHOAL_SEED === undefined ? 20_240_501 : Number(SHOAL_SEED) });

/** Test files share a process: a change left by one would affect the next. */
const before = surroundings();
afterAll(() => expect(surroundings(), 'what this file leaves behind').toEqual(before));

function surroundings() {
  // Libraries with exit handlers stay loaded.
  const events = process.eventNames().filter((name) => name !== 'exit');
  const listeners = events.map((name) => [name, process.listenerCount(name)]);
  return { cwd: process.cwd(), env: { ...process.env }, listeners };
}
