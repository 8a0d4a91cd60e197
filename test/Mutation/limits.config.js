import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { wrapLimits } from './WrapLimits.js';

const PRODUCT = /^(Protocol|Shared|Tracker|Peer|Cli)\/.*\.ts$/;

/** The unit tests of a room, over sources whose limits can be lifted one by one. */
export default defineConfig({
  plugins: [
    {
      name: 'wrap-limits',
      enforce: 'pre',
      transform(code, id) {
        const path = relative(process.cwd(), id);
        return PRODUCT.test(path) ? { code: wrapLimits(path, code), map: null } : undefined;
      },
    },
  ],
  test: {
    include: JSON.parse(process.env.MUTATION_TESTS ?? '["test/**/*.test.ts"]'),
    exclude: ['test/EndToEnd/**', 'test/Cli/Launch.test.ts'],
    pool: 'forks',
    isolate: false,
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    setupFiles: ['test/Mutation/limits.setup.js', 'test/Support/setup.ts'],
  },
});
