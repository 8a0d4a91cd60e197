import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { limitHeapGrowth } from '../../Shared/Program/HeapGrowth.ts';
import { TempFolder } from '../Support/TempFolder.ts';

const SCRIPTS = new URL('../../Cli/Scripts.js', import.meta.url).href;

/** A program of two scripts, and a folder for bytecode. Each run is a process. */
async function makeProgram() {
  const folder = await TempFolder.forTest();
  await folder.write('scripts/Word.js', "(async () => { return { word: () => 'hello' }; })");
  const main = `(async ($import, $builtin) => {
    const more = () => { const one = 1; return [one, one + 1, one + 2].map((each) => each * 2); };
    if (process.argv[3] === 'more') more();
    for (const flag of process.argv.slice(4)) $builtin('node:v8').setFlagsFromString(flag);
    const [{ word }, again] = await Promise.all(['./Word.js', './Word.js'].map($import));
    $builtin('node:fs').writeSync(1, word() + (again.word === word));
  })`;
  await folder.write('scripts/Main.js', main);
  const text = `import { scriptRunner } from '${SCRIPTS}';
    const folder = (name) => new URL(name, import.meta.url);
    process.uptime = () => Number(process.argv[2] ?? 0);
    await scriptRunner(folder('scripts/'), folder('kept/'))('./Main.js');`;
  const program = await folder.write('program.mjs', text);
  const run = (...args: string[]) => {
    const { stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
    return stdout + stderr;
  };
  const bytecode = folder.at('kept/Word.js.bytecode');
  return { folder, run, bytecode, writtenMs: async () => (await stat(bytecode)).mtimeMs };
}

test('bytecode is kept at the end of the first run, and read by the second', async () => {
  const { folder, run, writtenMs } = await makeProgram();
  expect(run()).toBe('hellotrue');
  expect((await readdir(folder.at('kept'))).sort()).toEqual(['Main.js.bytecode', 'Word.js.bytecode']);
  const before = await writtenMs();
  expect(run()).toBe('hellotrue');
  expect(await writtenMs()).toBe(before);
});

test('bytecode is read by the next run also after a run with many files', async () => {
  const { run, writtenMs } = await makeProgram();
  const flags: string[] = [];
  limitHeapGrowth((flag) => flags.push(flag));
  expect(flags.length).toBeGreaterThan(0);
  run('0', 'many files', ...flags);
  const before = await writtenMs();
  run();
  expect(await writtenMs()).toBe(before);
});

test('bytecode of another version of a script, or a damaged file, is not read but written again', async () => {
  const { folder, run, bytecode } = await makeProgram();
  run();
  await folder.write('scripts/Word.js', "(async () => { return { word: () => 'adieu' }; })");
  expect(run()).toBe('adieutrue');
  const whole = await readFile(bytecode);
  const bytes = Buffer.from(whole);
  bytes[bytes.length - 9] = ~(bytes[bytes.length - 9] ?? 0);
  await writeFile(bytecode, bytes);
  expect(run()).toBe('adieutrue');
  expect(bytes.equals(await readFile(bytecode))).toBe(false);
  await truncate(bytecode, 20);
  expect(run()).toBe('adieutrue');
  expect((await readFile(bytecode)).length).toBeGreaterThan(whole.length / 2);
});

test('a run of more than 2 s adds the functions that ran for the first time; none is lost by a run without them', async () => {
  const { folder, run } = await makeProgram();
  const keptBytes = async () => (await stat(folder.at('kept/Main.js.bytecode'))).size;
  run();
  const before = await keptBytes();
  run('2', 'more');
  expect(await keptBytes()).toBe(before);
  run('2.1', 'more');
  const after = await keptBytes();
  expect(after).toBeGreaterThan(before * 1.05);
  run('60');
  expect(await keptBytes()).toBe(after);
});

test('a folder that cannot be made: the program runs as ever', async () => {
  const { folder, run } = await makeProgram();
  await folder.write('kept', 'a file');
  expect(run()).toBe('hellotrue');
});

test('bytecode that cannot be put in place leaves no file behind', async () => {
  const { folder, run } = await makeProgram();
  const inTheWay = ['Main.js.bytecode', 'Word.js.bytecode'];
  for (const name of inTheWay) await mkdir(folder.at(`kept/${name}`), { recursive: true });
  expect(run()).toBe('hellotrue');
  expect((await readdir(folder.at('kept'))).sort()).toEqual(inTheWay);
});
