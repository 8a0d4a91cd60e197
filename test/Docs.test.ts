import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { exitCodeOf } from '../Cli/Running/ExitCodes.ts';
import { COMMANDS } from '../Peer/CommandInterface.ts';
import type { ConsoleCommand } from '../Peer/Commands/Command.ts';
import { peerOptions } from '../Peer/Settings/CommandLine.ts';
import { ROUTES } from '../Peer/Web/Api/Routes.ts';
import { trackerCommand } from '../Tracker/CommandLine.ts';

/** Holds the pages against the program: links, options, exit codes, requests of the API. */

const ROOT = new URL('..', import.meta.url).pathname;
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
];

function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** Anchors of the headings of a page, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(PAGES)('%s: every link leads to a file and a heading', (page) => {
  const targets = [...textOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target);
  const broken = targets.filter((target) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : join(page, '..', path);
    return !existsSync(join(ROOT, file)) || (anchor !== undefined && !anchorsOf(file).includes(anchor));
  });
  expect(broken).toEqual([]);
});

test('every path of a source in a page exists', () => {
  const roots = [
    'Shared',
    'Protocol',
    'Tracker',
    'Peer',
    'Cli',
    'Web',
    'test',
    'bench',
    'harden',
    'packaging',
  ];
  const places = roots.flatMap((root) =>
    readdirSync(join(ROOT, root), { recursive: true, encoding: 'utf8' }).map((path) => `/${root}/${path}`),
  );
  const known = places.map((path) => path.replace(/\.\w+$/, ''));
  const named = PAGES.flatMap((page) =>
    [...textOf(page).matchAll(/`([A-Z]\w+(?:\/[A-Z]\w+)+|[A-Z][\w/]*\w\.ts)\/?[`:]/g)].map(
      ([, path = '']) => `${page}: ${path}`,
    ),
  );
  expect(named.length).toBeGreaterThan(50);
  const gone = named.filter((each) => {
    const end = `/${each.replace(/^.*: /, '').replace(/\.ts$/, '')}`;
    return !known.some((path) => path.endsWith(end));
  });
  expect(gone).toEqual([]);
});

test('every page that a source refers to exists, with the section that it names', () => {
  const sources = ['Shared', 'Protocol', 'Tracker', 'Peer', 'Cli'].flatMap((root) =>
    readdirSync(join(ROOT, root), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.[jt]s$/.test(path))
      .map((path) => join(root, path)),
  );
  const wrong = sources.flatMap((source) => {
    const references = textOf(source).matchAll(/\b(docs\/[\w/.-]*\w)(?:, "([^"\n]+)")?/g);
    return Array.from(references, ([text, path = '', section = '']) => ({ text, path, section }))
      .filter(({ path, section }) => {
        const page = PAGES.find((each) => each.startsWith(path));
        return page === undefined || !textOf(page).toLowerCase().includes(section.toLowerCase());
      })
      .map(({ text }) => `${source}: ${text}`);
  });
  expect(wrong).toEqual([]);
});

test('every command that a page explains in a block exists', () => {
  const known = [
    ...Object.keys(COMMANDS),
    ...Object.values(COMMANDS).flatMap((command: ConsoleCommand) => command.aliases ?? []),
    'shoal',
    'curl',
    'node',
  ];
  const guide = PAGES.filter((page) => page === 'README.md' || page.startsWith('docs/guide/'));
  const typed = guide.flatMap((page) =>
    [...textOf(page).matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, language, block = '']) =>
      language !== ''
        ? []
        : [...block.matchAll(/^([a-z]+) .*? {2,}\S/gm)].map(([, word = '']) => `${page}: ${word}`),
    ),
  );
  expect(typed.length).toBeGreaterThan(20);
  expect(typed.filter((each) => !known.includes(each.replace(/^.*: /, '')))).toEqual([]);
});

test.each([
  ['node Peer.js', peerOptions(new Command())],
  ['node Tracker.js', trackerCommand()],
])('docs/reference/settings.md has every option of %s', (program, command) => {
  const [, table = ''] = textOf('docs/reference/settings.md').split(`| Option of \`${program}`);
  const [rows = ''] = table.split('\n\n');
  const missing = command.options.filter(({ long }) => !rows.includes(long ?? ''));
  expect(missing.map(({ long }) => long)).toEqual([]);
});

test('docs/reference/exit-codes.md has every error code, with its exit code', () => {
  const rows = [...textOf('docs/reference/exit-codes.md').matchAll(/^\| (\d+) \|[^|]*\| (.*) \|$/gm)];
  const documented = rows.flatMap(([, code, names = '']) =>
    [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => [name, Number(code)] as const),
  );
  for (const [name, code] of documented) expect([name, exitCodeOf(name)]).toEqual([name, code]);
  const codes = textOf('Shared/ShoalError.ts').matchAll(/^ {2}\| '([A-Z_]+)'/gm);
  expect(documented.map(([name]) => name).sort()).toEqual(Array.from(codes, ([, name]) => name).sort());
});

test('docs/reference/http.md has every request of the API', () => {
  const page = textOf('docs/reference/http.md').replaceAll(/\/\d+\b/g, '/:number');
  const missing = ROUTES.filter(
    ({ method, path }) => !page.includes(`\`${method.toUpperCase()} ${path.replace('{number}', ':number')}`),
  );
  expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
});
