import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** One import as written; `to` is a path from the root for our own files, else the name of a module. */
interface Import {
  readonly to: string;
  readonly isOurs: boolean;
  /** `import type`, or only `type` names between the braces: nothing is loaded. */
  readonly typeOnly: boolean;
  /** The names between the braces, as written. */
  readonly names: readonly string[];
}

/** One TypeScript file of the program. */
export interface Source {
  /** From the root, with `/`. */
  readonly path: string;
  readonly lineCount: number;
  /** The text without comments and the content of plain strings. */
  readonly code: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const COMMENT_OR_STRING =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
const IMPORT =
  /\b(?:import|export)\s+(?:(type)\s+)?([^'";]*?)\s*from\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'/g;

/** All .ts and .tsx files below the given folders, sorted. */
export function readSources(...folders: readonly string[]): Source[] {
  return folders
    .filter((folder) => existsSync(posix.join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(posix.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
        (path) => `${folder}/${path}`,
      ),
    )
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.tsx?$/.test(path))
    .sort()
    .map(readSource);
}

function readSource(path: string): Source {
  const text = readFileSync(posix.join(ROOT, path), 'utf8');
  const withoutComments = text.replace(COMMENT_OR_STRING, (part) => (part.startsWith('/') ? ' ' : part));
  const code = withoutComments.replace(COMMENT_OR_STRING, (part) => (part.startsWith('`') ? part : "''"));
  return {
    path,
    text,
    code,
    lineCount: text.split('\n').length - 1,
    imports: [...importsOf(path, withoutComments)],
  };
}

function* importsOf(path: string, code: string): Generator<Import> {
  for (const [, keyword, clause = '', from, bare] of code.matchAll(IMPORT)) {
    const module = from ?? bare ?? '';
    const isOurs = module.startsWith('.');
    const names = clause
      .replace(/[{}]/g, ' ')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    yield {
      to: isOurs ? posix.join(posix.dirname(path), module) : module,
      isOurs,
      typeOnly: keyword === 'type' || (names.length > 0 && names.every((name) => name.startsWith('type '))),
      names: names.map((name) => name.replace(/^type /, '')),
    };
  }
}
