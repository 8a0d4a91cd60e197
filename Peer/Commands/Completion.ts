import { LIMIT_SCOPES } from '../../Shared/Rates.ts';
import { safeText } from '../../Shared/SafeText.ts';
import { quoteWord, scanLine } from './CommandParser.ts';
import { COMMANDS, type CompletionKind, findCommand, JSON_FLAG } from './CommandTable.ts';

/** Names that can be offered, by what they are. Looked up only when wanted. */
export interface CompletionSources {
  /** Paths of local files. */
  local(): readonly string[];
  /** Paths and ids that a search or a listing showed. */
  found(): readonly string[];
  peers(): readonly { readonly name: string; readonly address: string }[];
  downloads(): readonly string[];
}

/** What the Tab key does. */
export interface Completion {
  /** Replaces the last `replaces` letters before the cursor; undefined: nothing to insert. */
  readonly insert: string | undefined;
  readonly replaces: string;
  /** To choose from, in order; safe to print. */
  readonly choices: readonly string[];
}

/** Completes the text before the cursor. */
export function complete(line: string, sources: CompletionSources): Completion {
  const { words, open, ended } = scanLine(line);
  const current = ended ? undefined : words.at(-1);
  const before = current === undefined ? words : words.slice(0, -1);
  const typed = current === undefined ? '' : line.slice(current.start);
  const text = current?.text ?? '';
  const [first, ...rest] = before;
  const candidates =
    first === undefined
      ? commandWords()
      : text.startsWith('--') && !current?.quoted
        ? flagsOf(first.text)
        : argumentsOf(
            first.text,
            rest.filter((word) => word.quoted || !word.text.startsWith('--')).length,
            sources,
          );
  const wanted = text.toLowerCase();
  const hits = unique(candidates)
    .filter((candidate) => candidate.toLowerCase().startsWith(wanted) && isNextLevel(candidate, text))
    // A name that cannot be shown as it is cannot be typed either: such a file is fetched by its id.
    .filter((candidate) => safeText(candidate) === candidate)
    .sort((a, b) => (a < b ? -1 : 1));
  return choose(hits, typed, open !== undefined || current?.quoted === true);
}

function choose(hits: readonly string[], typed: string, quoted: boolean): Completion {
  const [only] = hits;
  if (only === undefined) return { insert: undefined, replaces: typed, choices: [] };
  const flag = only.startsWith('--');
  if (hits.length === 1) {
    const whole = flag ? only : quoteWord(only, quoted);
    // A folder is gone into; anything else is finished.
    const insert = only.endsWith('/') ? openEnded(whole) : `${whole} `;
    return { insert, replaces: typed, choices: [only] };
  }
  const prefix = commonPrefix(hits);
  const anyQuoted = quoted || hits.some((hit) => !hit.startsWith('--') && quoteWord(hit) !== hit);
  const start = anyQuoted ? openEnded(quoteWord(prefix, true)) : prefix;
  const grows = start.length > typed.length;
  return { insert: grows ? start : undefined, replaces: typed, choices: hits };
}

/** A quoted word without its closing quote: the user types on. */
function openEnded(word: string): string {
  const quote = word[0];
  return (quote === '"' || quote === "'") && word.length > 1 && word.endsWith(quote)
    ? word.slice(0, -1)
    : word;
}

function commandWords(): string[] {
  return COMMANDS.flatMap((spec) => [spec.name, ...spec.aliases]).filter((word) => word.length > 1);
}

function flagsOf(command: string): string[] {
  const spec = findCommand(command);
  return spec === undefined ? [] : [...spec.flags, JSON_FLAG].map((flag) => flag.name);
}

function argumentsOf(command: string, index: number, sources: CompletionSources): readonly string[] {
  const kinds = findCommand(command)?.completes ?? [];
  const kind = kinds[Math.min(index, kinds.length - 1)] ?? 'nothing';
  return namesOf(kind, sources);
}

function namesOf(kind: CompletionKind, sources: CompletionSources): readonly string[] {
  switch (kind) {
    case 'nothing':
      return [];
    case 'command':
      return commandWords();
    case 'place':
      return [...foldersOf(sources.local()), ...peerNames(sources)];
    case 'file':
      return [...sources.local(), ...sources.downloads()];
    case 'peer':
      return peerNames(sources);
    case 'found':
      return sources.found();
    case 'download':
      return sources.downloads();
    case 'direction':
      return ['up', 'down'];
    case 'scope':
      return [...LIMIT_SCOPES];
  }
}

function peerNames(sources: CompletionSources): string[] {
  return sources.peers().flatMap((peer) => [peer.name, peer.address].filter((word) => word !== ''));
}

/** Folders are offered level by level. */
function isNextLevel(candidate: string, typed: string): boolean {
  if (!candidate.endsWith('/')) return true;
  return candidate !== typed && candidate.split('/').length <= typed.split('/').length + 1;
}

/** All folders above the files, with a slash at the end. */
function foldersOf(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end + 1);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return [...folders];
}

function commonPrefix(words: readonly string[]): string {
  let prefix = words[0] ?? '';
  for (const word of words) {
    while (!word.startsWith(prefix)) prefix = prefix.slice(0, -1);
  }
  // Never half of a surrogate pair.
  return /[\ud800-\udbff]$/.test(prefix) ? prefix.slice(0, -1) : prefix;
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}
