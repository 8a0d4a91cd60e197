import { defineConfig } from 'vitest/config';

/** `unit` runs from the sources without a network; `e2e` starts the built launchers on loopback. */
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
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Most of their time they wait for programs.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
