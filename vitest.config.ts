import { defineConfig } from 'vitest/config';

/** Launched programs wait more than they compute: three files at a time keep two cores busy. */
const launchers = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  maxWorkers: 3,
  sequence: { groupOrder: 1 },
  // Promises in seconds, on whatever machine the gate gets: a second look before it says no. By hand there is none.
  retry: process.env.CI ? 1 : 0,
};

/**
 * `unit` runs from the sources without a network; `e2e` starts the built launchers on loopback; `seeds` does so too, for every
 * behaviour of the five systems (docs/contributing/seeds.md), and takes minutes.
 */
export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['Protocol/**/*.ts', 'Shared/**/*.ts', 'Tracker/**/*.ts', 'Peer/**/*.ts', 'Cli/**/*.ts'],
      reporter: process.env.CI ? ['text-summary'] : ['text-summary', 'html'],
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/EndToEnd/**'],
          // One process loads everything once for all files it runs: half the time. No test may leave anything behind in it.
          pool: 'forks',
          isolate: false,
          maxWorkers: '100%',
          // None takes long by itself; a machine with other things to do may be ten times slower.
          testTimeout: 30_000,
          hookTimeout: 30_000,
          setupFiles: ['test/Support/setup.ts'],
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/EndToEnd/**/*.test.ts'],
          exclude: ['test/EndToEnd/Seeds*.test.ts'],
          ...launchers,
        },
      },
      {
        test: {
          name: 'seeds',
          include: ['test/EndToEnd/Seeds*.test.ts'],
          ...launchers,
        },
      },
    ],
  },
});
