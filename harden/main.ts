import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Figure, Trial } from './Trial.ts';

/**
 * `npm run harden -- <name> …` runs trials of Shoal on ordinary computers and hostile networks and prints their
 * figures; `--short` runs the short form of the gate, `--seed N` repeats a run, `--minutes N` is
 * the duration of `soak`, and the most for `kills` and `fuzz`. Exit code 1: a figure missed its
 * goal; of the short form not one that time or CPU decides.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean' }, seed: { type: 'string' }, minutes: { type: 'string' } },
});
const files = await readdir(new URL('.', import.meta.url));
const names = files
  .flatMap((file) => /^([a-z][a-z0-9-]*)\.js$/.exec(file)?.[1] ?? [])
  .filter(isTrial)
  .toSorted();
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const unknown = positionals.filter((name) => !names.includes(name));
const mistakes = [
  ...unknown.map((name) => `no trial is called ${name}`),
  ...(Number.isSafeInteger(seed) ? [] : ['--seed takes a whole number']),
  ...(minutes === undefined || minutes > 0 ? [] : ['--minutes takes a number above 0']),
];
if (mistakes.length > 0) {
  for (const mistake of mistakes) console.error(`error: ${mistake}`);
  console.error(`hint: npm run harden -- [--short] [--seed N] [--minutes N] ${names.join(' ')}`);
  process.exit(2);
}
let missed = 0;
for (const name of positionals.length > 0 ? positionals : names) {
  console.log(`\n== ${name} (seed ${seed}${values.short ? ', short' : ''})`);
  const startedMs = performance.now();
  try {
    const { run } = (await import(`./${name}.js`)) as Trial;
    const figures = await run({ short: values.short === true, seed, minutes });
    for (const figure of figures) console.log(line(figure));
    missed += figures.filter(isMiss).length;
  } catch (failure) {
    missed++;
    console.error(failure);
  }
  console.log(`  took ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`);
}
process.exit(missed > 0 ? 1 : 0);

function isTrial(name: string): boolean {
  return name !== 'main';
}

function isMiss({ met, timed = false }: Figure): boolean {
  return !met && !(timed && values.short);
}

function line(figure: Figure): string {
  const { name, value, wanted, met } = figure;
  const mark = isMiss(figure) ? 'MISS' : met ? 'ok  ' : 'slow';
  return `  ${mark} ${name}: ${value}${wanted === undefined ? '' : ` (wanted: ${wanted})`}`;
}
