import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { machine, machineText } from './Machine.ts';
import { runInOwnNetwork } from './Network.ts';
import { cleanUp } from './Places.ts';
import { markdown, type Report } from './Report.ts';
import { keep } from './Results.ts';
import { type Settings, WHOLE } from './Settings.ts';
import { warmUp } from './WarmUp.ts';

/**
 * `npm run bench` runs all benches, `npm run bench -- <name> …` some. `--quick` takes small sizes and leaves
 * docs/contributing/performance.md alone, `--pairs N` sets the number of turns. A bench is a file in
 * `Questions/`. The guard runs only by name.
 */
interface Question {
  /** Prints its progress. A returned report is stored. */
  run(settings: Settings): Promise<Report | undefined>;
}

const NOT_BY_ITSELF = 'guard';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, pairs: { type: 'string' } },
});
const files = await readdir(new URL('Questions/', import.meta.url));
const names = files.flatMap((file) => /^([a-z][a-z0-9-]*)\.js$/.exec(file)?.[1] ?? []).toSorted();
const wanted = positionals.length > 0 ? positionals : names.filter((name) => name !== NOT_BY_ITSELF);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`error: no bench is called ${unknown.join(', ')}\nhint: there are ${names.join(', ')}`);
  process.exit(2);
}
const code = runInOwnNetwork();
if (code !== undefined) process.exit(code);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
}
const quick = values.quick === true;
const settings: Settings = { quick, pairs: Number(values.pairs ?? WHOLE.pairs) };
const facts = machine();
console.log(machineText(facts));
await warmUp();
let failed = 0;
for (const name of wanted) {
  console.log(`\n== ${name}`);
  const started = performance.now();
  try {
    const { run } = (await import(`./Questions/${name}.js`)) as Question;
    const report = await run(settings);
    if (report !== undefined) {
      console.log(`\n${report.title}\n\n${markdown(report)}\n`);
      await keep(name, report, facts, { ...settings, quick: quick || name === 'guard' });
      if (name === 'guard' && report.goals.some(({ met }) => !met)) failed++;
    }
  } catch (failure) {
    failed++;
    console.error(failure);
  } finally {
    await cleanUp();
  }
  console.log(`  took ${((performance.now() - started) / 1_000).toFixed(0)} s`);
}
process.exit(failed > 0 ? 1 : 0);
