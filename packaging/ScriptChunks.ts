import type { Plugin, Rolldown } from 'vite';

/** A node of the syntax tree (ESTree). */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

interface Name {
  readonly name: string;
}

interface Statement extends Node {
  readonly specifiers?: readonly (Node & { local: Name; imported?: Name; exported: Name })[];
  readonly source?: { readonly value: string } | null;
  readonly declaration?: unknown;
  readonly kind?: string;
  readonly declarations?: readonly { readonly id: Name }[];
}

/**
 * Writes each chunk as a script for Cli/Scripts.js, since Node 20 keeps no bytecode of modules. The script is an async
 * function of `$import(specifier)`, `$builtin(specifier)` and `$meta` (import.meta), and resolves to the exports. Lines
 * stay where they are, for the source map. Threads load a module of the same name that runs their script.
 */
export function scriptChunks(): Plugin {
  return {
    name: 'script-chunks',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((each) => each.type === 'chunk');
      refuseCycles(chunks);
      for (const chunk of chunks) {
        const { body } = this.parse(chunk.code) as unknown as { body: Statement[] };
        chunk.code = asScript(chunk.code, body);
        if (!chunk.name.endsWith('Worker')) continue;
        const source = [
          "import { scriptRunner } from '../../Cli/Scripts.js';",
          `await scriptRunner(new URL('./', import.meta.url))('./${chunk.name}.script.js');\n`,
        ].join('\n');
        this.emitFile({ type: 'asset', fileName: chunk.fileName.replace('.script', ''), source });
      }
    },
  };
}

/** A script waits for its imports before it exports anything: two that import each other never end. @throws Error */
function refuseCycles(chunks: readonly Rolldown.OutputChunk[]): void {
  const importsOf = new Map(chunks.map(({ fileName, imports }) => [fileName, imports]));
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) throw new Error(`chunks import each other: ${[...path, name].join(' -> ')}`);
    for (const each of importsOf.get(name) ?? []) visit(each, [...path, name]);
  };
  for (const { fileName } of chunks) visit(fileName, []);
}

function asScript(code: string, body: readonly Statement[]): string {
  const edits: (readonly [start: number, end: number, text: string])[] = [];
  const modules: string[] = [];
  const imports: string[] = [];
  const exports = new Map<string, string>();
  const variables = new Set<string>();
  for (const { type, start, end, specifiers = [], source, declaration, kind, declarations = [] } of body) {
    if (kind === 'let' || kind === 'var') for (const { id } of declarations) variables.add(id.name);
    if (type === 'ImportDeclaration' && source) imports.push(binding(specifiers, source.value, modules));
    else if (type === 'ExportNamedDeclaration' && !declaration) {
      const from = source ? `$modules[${modules.push(source.value) - 1}].` : '';
      for (const { local, exported } of specifiers) exports.set(exported.name, from + local.name);
    } else if (type.startsWith('Export')) throw new Error(`a chunk with ${type}`);
    else continue;
    edits.push([start, end, '']);
  }
  const exported = new Set(exports.values());
  visit(body, (node) => {
    if (node.type === 'ImportExpression') edits.push([node.start, node.start + 'import'.length, '$import']);
    if (node.type === 'MetaProperty' && code.startsWith('import', node.start))
      edits.push([node.start, node.end, '$meta']);
    const changed = changedName(node);
    if (changed !== undefined && variables.has(changed) && exported.has(changed))
      throw new Error(`${changed} is exported and changes later, which importing scripts would not see`);
  });
  const load = `const $modules = await Promise.all(${JSON.stringify(modules)}.map($import));`;
  let text = `(async ($import, $builtin, $meta) => { 'use strict'; ${load} ${imports.join(' ')} `;
  let at = 0;
  for (const [start, end, replacement] of edits.toSorted(([one], [other]) => one - other)) {
    text += code.slice(at, start) + replacement;
    at = end;
  }
  const results = [...exports].map(([name, local]) => `${name}: ${local}`);
  return `${text}${code.slice(at)}\nreturn { ${results.join(', ')} };\n})\n`;
}

/** The declarations in place of an import. A builtin is loaded at once, and its default export is the builtin itself. */
function binding(
  specifiers: NonNullable<Statement['specifiers']>,
  source: string,
  modules: string[],
): string {
  const builtin = source.startsWith('node:');
  const from = builtin ? `$builtin(${JSON.stringify(source)})` : `$modules[${modules.push(source) - 1}]`;
  const whole = ({ type }: Node) =>
    type === 'ImportNamespaceSpecifier' || (builtin && type === 'ImportDefaultSpecifier');
  const names = specifiers
    .filter((each) => !whole(each))
    .map(({ imported, local }) => `${imported?.name ?? 'default'}: ${local.name}`);
  return [
    ...specifiers.filter(whole).map(({ local }) => `const ${local.name} = ${from};`),
    ...(names.length === 0 ? [] : [`const { ${names.join(', ')} } = ${from};`]),
  ].join(' ');
}

/** Calls for all nodes below a node, in the order of the text. */
function visit(value: unknown, each: (node: Node) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value && 'start' in value) each(value as Node);
  for (const key in value) visit(value[key as keyof typeof value], each);
}

/** The name that an assignment gives a value after its declaration. */
function changedName(node: Node): string | undefined {
  const { left, argument } = node as Node & { left?: Partial<Name>; argument?: Partial<Name> };
  if (node.type === 'AssignmentExpression') return left?.name;
  return node.type === 'UpdateExpression' ? argument?.name : undefined;
}
