import vm from 'node:vm';
import { parseAst } from 'vite';
import { expect, test } from 'vitest';
import { scriptChunks } from '../../packaging/ScriptChunks.ts';

interface Chunk {
  readonly code: string;
  readonly fileName?: string;
  readonly name?: string;
  readonly imports?: readonly string[];
}

/** The code of each chunk after the plugin, and the files that it adds. */
function written(...chunks: readonly Chunk[]) {
  const bundle = chunks.map((chunk) => ({ type: 'chunk', name: '', fileName: '', imports: [], ...chunk }));
  const added: { fileName: string; source: string }[] = [];
  const context = { parse: parseAst, emitFile: (file: (typeof added)[number]) => added.push(file) };
  const { generateBundle } = scriptChunks();
  if (typeof generateBundle !== 'function') throw new Error('no hook');
  generateBundle.call(context as never, {} as never, Object.fromEntries(bundle.entries()) as never, false);
  return { codes: bundle.map(({ code }) => code), added };
}

/** Runs a chunk as the program would: imports resolve to what is given. */
function run(code: string, modules: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  const [script = ''] = written({ code }).codes;
  const find = (specifier: string) => modules[specifier];
  return new vm.Script(script).runInThisContext()(async (name: string) => find(name), find, {
    url: 'file:///here',
  });
}

test('names, defaults and namespaces of modules and builtins; exports under their names', async () => {
  const code = `import { read as r, write } from './files.js';
import one, { two } from 'library';
import path, { join } from 'node:path';
import * as fs from 'node:fs';
import './effect.js';
const all = [r, write, one, two, path.sep, join('a', 'b'), fs.name];
const answer = await Promise.resolve(42);
export { all, answer as a };`;
  const modules = {
    './files.js': { read: 'read', write: 'write' },
    library: { default: 'one', two: 'two' },
    'node:path': { sep: '/', join: (...parts: string[]) => parts.join('/') },
    'node:fs': { name: 'fs' },
  };
  const all = ['read', 'write', 'one', 'two', '/', 'a/b', 'fs'];
  expect(await run(code, modules)).toEqual({ all, a: 42 });
});

test('an export of another module; the place of the chunk; a module that is loaded later', async () => {
  const code = `const place = import.meta.url;
const later = (await import('./later.js')).value;
export { place, later };
export { value as other } from './other.js';`;
  const modules = { './later.js': { value: 'later' }, './other.js': { value: 'other' } };
  expect(await run(code, modules)).toEqual({ place: 'file:///here', later: 'later', other: 'other' });
});

test('a script is strict, and its lines stay where they are', async () => {
  await expect(run('undeclared = 1;')).rejects.toThrow('undeclared is not defined');
  const [script = ''] = written({ code: "import { a } from './a.js';\n\nthrow new Error('line 3');" }).codes;
  expect(script.split('\n').findIndex((line) => line.includes('line 3'))).toBe(2);
});

test('what an importing script would not see, and what it would wait for without end, fail the build', () => {
  const counter = 'let count = 0;\nfunction more() { count++; }\nexport { count, more };';
  expect(() => written({ code: counter })).toThrow('count is exported and changes later');
  expect(() => written({ code: 'let open = 0;\nopen = 1;\nexport { open };' })).toThrow('open is exported');
  // A parameter of the same name.
  expect(
    written({ code: 'const x = 1;\nconst f = (x) => { x = 2; };\nexport { x, f };' }).codes,
  ).toHaveLength(1);
  const cycle = [
    { code: '', fileName: 'a.js', imports: ['b.js'] },
    { code: '', fileName: 'b.js', imports: ['a.js'] },
  ];
  expect(() => written(...cycle)).toThrow('chunks import each other: a.js -> b.js -> a.js');
});

test('a thread loads a module that runs its script', () => {
  const { added } = written({ code: '', name: 'HashWorker', fileName: 'HashWorker.script.js' });
  expect(added).toEqual([
    {
      type: 'asset',
      fileName: 'HashWorker.js',
      source: expect.stringContaining("('./HashWorker.script.js')"),
    },
  ]);
});
