import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Seconds of a busy machine, above the longest wait for a program (QUIET_MS, bench/Programs/LaunchedProgram.ts). */
const LAUNCHED_TIMEOUT_MS = 600_000;

/** `expect.poll` waits as long as a busy machine may take; its default is a second. */
const patient = { expect: { poll: { timeout: 120_000 } } };

/** Percent of the code that all unit tests together must run. Checked by the gate only: a part of them runs less. */
const COVERED = { statements: 87, branches: 79, functions: 85, lines: 89 };

/** Run with the tests that launch programs: they need the build, or ports of a worker's own. */
const LAUNCH_TESTS = ['test/Cli/Launch.test.ts', 'test/Support/launch.test.ts'];

/** Tests that launch programs wait as much as they compute: six files at a time keep two cores busy. */
const launchers = {
  ...patient,
  pool: 'forks' as const,
  isolate: false,
  testTimeout: LAUNCHED_TIMEOUT_MS,
  hookTimeout: LAUNCHED_TIMEOUT_MS,
  maxWorkers: 6,
  sequence: { groupOrder: 1 },
};

const unit = {
  ...patient,
  include: ['test/**/*.test.ts'],
  exclude: ['test/EndToEnd/**', ...LAUNCH_TESTS],
  // All files share a few processes, which load every module once: half the time. No test may leave anything behind.
  pool: 'forks' as const,
  isolate: false,
  // One more than cores, since tests also wait. Each loads and warms up the whole product, which costs 5 CPU seconds.
  maxWorkers: availableParallelism() + 1,
  // Single tests take seconds at most; a machine with other work may be a hundred times slower.
  testTimeout: 600_000,
  hookTimeout: 600_000,
  setupFiles: ['test/Support/setup.ts'],
};

/**
 * Projects: `unit` runs from the sources without a network, `long` the same with ten times the seeds and the files
 * `*.long.ts`. `e2e` starts the built launchers on loopback, `seeds` as well, for every behaviour of the five seed
 * systems (docs/contributing/seeds.md).
 */
export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['Protocol/**/*.ts', 'Shared/**/*.ts', 'Tracker/**/*.ts', 'Peer/**/*.ts', 'Cli/**/*.ts'],
      reporter: process.env.CI ? ['text-summary'] : ['text-summary', 'html'],
      ...(process.env.CI ? { thresholds: COVERED } : {}),
    },
    projects: [
      { test: { name: 'unit', ...unit } },
      {
        test: {
          name: 'long',
          ...unit,
          include: ['test/**/*.test.ts', 'test/**/*.long.ts'],
          env: { SHOAL_SEEDS: 'x10' },
          testTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/EndToEnd/**/*.test.ts', ...LAUNCH_TESTS],
          exclude: ['test/EndToEnd/Seeds*.test.ts'],
          ...launchers,
        },
      },
      // Records what this version leaves on disk; run by hand before a release.
      { test: { name: 'record', include: ['test/EndToEnd/Upgrade.record.ts'], ...launchers } },
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
