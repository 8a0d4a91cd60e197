import { PATH_BYTES_MAX, SHARE_FILES_MAX } from '../../../Protocol/Limits.ts';

/** One file named by a manifest. */
interface ManifestEntry {
  /** Line number; the first line is 1. */
  readonly line: number;
  /** Path shown to other peers: relative, `/` between folders. */
  readonly name: string;
  /** Location as written: absolute, or relative to the manifest. */
  readonly path: string;
}

export interface Manifest {
  /** In the order of the lines; names are unique. */
  readonly entries: readonly ManifestEntry[];
  /** Invalid lines, in order. The other lines are valid all the same. */
  readonly problems: readonly { readonly line: number; readonly reason: string }[];
}

/** Size limit of a manifest, in bytes: room for the largest catalog with paths of 256 bytes. */
export const MANIFEST_BYTES_MAX = 64 * 1_024 * 1_024;

const FORM = 'a line is: name path';

/**
 * Parses a manifest: one `name path` per line, in UTF-8. The name ends at the first blank or tab; the path is the
 * rest of the line. Either may be quoted (`"` or `'`; `\"` inside is a literal quote), which a name with blanks
 * requires.
 * Empty lines and lines beginning with `#` are skipped. Of two lines with the same name, the first is valid. Never
 * throws.
 * @param filesMax - later files are problems. Default: as many as a catalog holds
 */
export function parseManifest(bytes: Uint8Array, filesMax = SHARE_FILES_MAX): Manifest {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const entries = new Map<string, ManifestEntry>();
  const problems: { line: number; reason: string }[] = [];
  for (const [index, raw] of linesOf(bytes).entries()) {
    const line = index + 1;
    try {
      // The decoder drops a byte order mark.
      const entry = parseLine(decode(decoder, raw), line);
      if (entry === undefined) continue;
      const first = entries.get(entry.name);
      if (first !== undefined) throw new BadLine(`"${entry.name}" is already named in line ${first.line}`);
      if (entries.size >= filesMax) throw new BadLine(`more than ${filesMax} files: this one is not shared`);
      entries.set(entry.name, entry);
    } catch (failure) {
      if (!(failure instanceof BadLine)) throw failure;
      problems.push({ line, reason: failure.message });
    }
  }
  return { entries: [...entries.values()], problems };
}

/** Reason why a line is invalid, for users. */
class BadLine extends Error {}

function parseLine(text: string, line: number): ManifestEntry | undefined {
  const content = text.replace(/\r$/, '').replace(/^[ \t]+|[ \t]+$/g, '');
  if (content === '' || content.startsWith('#')) return undefined;
  const [name, rest] = takeName(content);
  const path = unquoted(rest.replace(/^[ \t]+/, ''));
  if (path === '') throw new BadLine(`no path after the name "${name}" (${FORM})`);
  if (hasControls(path)) throw new BadLine('control characters in the path');
  checkName(name);
  return { line, name, path };
}

/** Splits a line into the name and the text after it. */
function takeName(content: string): readonly [name: string, rest: string] {
  const quote = quoteOf(content);
  if (quote === undefined) {
    const [name = ''] = /^[^ \t]+/.exec(content) ?? [];
    return [name, content.slice(name.length)];
  }
  const [name, end] = readQuoted(content, quote);
  const rest = content.slice(end);
  if (rest !== '' && !/^[ \t]/.test(rest)) throw new BadLine(`a blank is missing after the name (${FORM})`);
  return [name, rest];
}

/** Removes the quotes of a quoted path. An unquoted path is taken as it is, blanks included. */
function unquoted(text: string): string {
  const quote = quoteOf(text);
  if (quote === undefined) return text;
  const [path, end] = readQuoted(text, quote);
  if (end < text.length) throw new BadLine(`unexpected text after the path (${FORM})`);
  return path;
}

function quoteOf(text: string): string | undefined {
  return text.startsWith('"') || text.startsWith("'") ? text.charAt(0) : undefined;
}

/** Reads the quoted text at the beginning of `text`, and returns the index after the closing quote. */
function readQuoted(text: string, quote: string): readonly [inner: string, end: number] {
  let inner = '';
  for (let at = 1; at < text.length; at++) {
    if (text[at] === quote) return [inner, at + 1];
    // Any other backslash is literal, so Windows paths are kept.
    if (text[at] === '\\' && text[at + 1] === quote) at++;
    inner += text[at];
  }
  throw new BadLine(`the quote ${quote} is not closed`);
}

/** Checks that a name is a path the protocol can carry. @throws BadLine */
function checkName(name: string): void {
  if (name === '') throw new BadLine(`the name is empty (${FORM})`);
  if (hasControls(name)) throw new BadLine('control characters in the name');
  if (Buffer.byteLength(name) > PATH_BYTES_MAX)
    throw new BadLine(`the name is longer than ${PATH_BYTES_MAX} bytes`);
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw new BadLine(`"${name}" is not a valid name: no / at the ends, no empty part, no . or ..`);
}

function hasControls(text: string): boolean {
  return /[\u0000-\u001f\u007f]/.test(text);
}

function decode(decoder: InstanceType<typeof TextDecoder>, raw: Uint8Array): string {
  try {
    return decoder.decode(raw);
  } catch {
    throw new BadLine('not valid UTF-8: save the manifest as UTF-8');
  }
}

/** Splits at line feeds. The text after the last one is a line unless it is empty. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  if (start < bytes.length) lines.push(bytes.subarray(start));
  return lines;
}
