import { defineConfig } from 'vitest/config';

/** One file after another: most tests of a file run at once, and more would be too much for two cores. */
const launchers = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  fileParallelism: false,
  // Promises in seconds, on whatever machine the gate gets: a second look before it says no. By hand there is none.
  retry: process.env.CI ? 1 : 0,
};

/**
 * `unit` runs from the sources without a network; `e2e` starts the built launchers on loopback; `seeds` does so too, for every
 * behaviour of the five systems (docs/Seeds.md), and takes minutes.
 */
export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['Protocol/**/*.ts', 'Shared/**/*.ts', 'Tracker/**/*.ts', 'Peer/**/*.ts', 'Cli/**/*.ts'],
      reporter: ['text-summary', 'html'],
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/EndToEnd/**'],
          setupFiles: ['test/Support/setup.ts'],
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/EndToEnd/**/*.test.ts'],
          exclude: ['test/EndToEnd/Seeds*.test.ts'],
          sequence: { groupOrder: 1 },
          ...launchers,
        },
      },
      {
        test: {
          name: 'seeds',
          include: ['test/EndToEnd/Seeds*.test.ts'],
          sequence: { groupOrder: 2 },
          ...launchers,
        },
      },
    ],
  },
});
