import { defineConfig } from 'vitest/config';

/** The unit tests of the room under mutation (main.js names them), each file in a process of its own. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          root: '.',
          include: JSON.parse(process.env.MUTATION_TESTS ?? '["test/**/*.test.ts"]'),
          exclude: ['test/EndToEnd/**'],
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          setupFiles: ['test/Support/setup.ts'],
        },
      },
    ],
  },
});
