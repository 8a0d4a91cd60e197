import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { liftLimits } from './LiftLimits.js';
import { sampleUnits } from './Units.js';

/**
 * `npm run mutate -- <folder>` breaks the sources of a folder, one place at a time, and runs the unit tests that
 * reach the place. `--lines N` takes a random sample of whole functions with about N lines, `--seed S` another
 * sample. `--limits` breaks only the limits, `--name R` only those whose `path:NAME` matches.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    lines: { type: 'string' },
    seed: { type: 'string', default: '1' },
    limits: { type: 'boolean' },
    name: { type: 'string', default: '' },
    verbose: { type: 'boolean' },
  },
});
const [folder = ''] = positionals.map((path) => path.replace(/\/$/, ''));
const files = sourcesOf(folder);
if (files.length === 0) {
  console.error(
    `error: no sources in "${folder}"\nhint: npm run mutate -- Peer/Files [--lines 300] [--seed 1] [--limits]`,
  );
  process.exit(2);
}

/** The tests of the folder, and those that lie directly in the folders around it. */
const around = [];
for (let parent = dirname(folder); parent !== '.'; parent = dirname(parent))
  around.push(`test/${parent}/*.test.ts`);
process.env.MUTATION_TESTS = JSON.stringify([`test/${folder}/**/*.test.ts`, ...around]);

const texts = files.map((path) => ({ path, text: readFileSync(path, 'utf8') }));
if (values.limits) {
  await liftLimits(texts, new RegExp(values.name));
  process.exit();
}
const mutate =
  values.lines === undefined ? files : sampleUnits(texts, Number(values.lines), Number(values.seed));
await new Stryker({
  mutate,
  testRunner: 'vitest',
  vitest: { configFile: 'test/Mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // Texts are not behaviour: the tests that pin a message or a command are few on purpose.
  mutator: { excludedMutations: ['StringLiteral'] },
  // TypeScript 7 has no API for Stryker to rewrite tsconfig.json with; the copied tree needs no rewriting.
  tsconfigFile: 'none',
  ignorePatterns: ['coverage', 'bench/results', '.stryker-tmp'],
  concurrency: 1,
  timeoutMS: 20_000,
  dryRunTimeoutMinutes: 20,
  reporters: ['clear-text'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  allowEmpty: true,
  disableTypeChecks: false,
  logLevel: values.verbose ? 'debug' : 'warn',
}).runMutationTest();

function sourcesOf(folder) {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return names
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`)
      .toSorted();
  } catch {
    return [];
  }
}
