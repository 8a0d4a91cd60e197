import { CATALOG_FILES_MAX, PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';

/** One file that a manifest names. */
export interface ManifestEntry {
  /** 1 for the first line. */
  readonly line: number;
  /** The path under which others see it: relative, `/` between folders. */
  readonly name: string;
  /** Where it lies, as written: relative to the manifest, or absolute. */
  readonly path: string;
}

export interface Manifest {
  /** In the order of the lines; no name twice. */
  readonly entries: readonly ManifestEntry[];
  /** Lines that mean nothing, in order. The other lines count all the same. */
  readonly problems: readonly { readonly line: number; readonly reason: string }[];
}

/** Largest manifest that is read, in bytes: room for the largest catalog with paths of 256 bytes. */
export const MANIFEST_BYTES_MAX = 64 * 1_024 * 1_024;

const FORM = 'a line is: name path';

/**
 * Reads a manifest: `name path` a line, in UTF-8. The name ends at the first blank or tab; the path is the rest of the line.
 * Either may stand in quotes (`"` or `'`; `\"` inside is the quote itself), which a name with blanks needs. Empty lines and
 * lines that begin with `#` say nothing. Of two lines with the same name the first counts. Never throws.
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const entries = new Map<string, ManifestEntry>();
  const problems: { line: number; reason: string }[] = [];
  for (const [index, raw] of linesOf(bytes).entries()) {
    const line = index + 1;
    try {
      // A byte order mark is dropped by the decoder.
      const entry = parseLine(decode(decoder, raw), line);
      if (entry === undefined) continue;
      const first = entries.get(entry.name);
      if (first !== undefined) throw new BadLine(`"${entry.name}" is named by line ${first.line} already`);
      if (entries.size >= CATALOG_FILES_MAX)
        throw new BadLine(`more than ${CATALOG_FILES_MAX} files: this one is not shared`);
      entries.set(entry.name, entry);
    } catch (failure) {
      if (!(failure instanceof BadLine)) throw failure;
      problems.push({ line, reason: failure.message });
    }
  }
  return { entries: [...entries.values()], problems };
}

/** Why a line means nothing, for people. */
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

/** The name, and what follows it. */
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

/** A path that begins with a quote ends with it; any other is taken as it is, blanks included. */
function unquoted(text: string): string {
  const quote = quoteOf(text);
  if (quote === undefined) return text;
  const [path, end] = readQuoted(text, quote);
  if (end < text.length) throw new BadLine(`something follows the path (${FORM})`);
  return path;
}

function quoteOf(text: string): string | undefined {
  return text.startsWith('"') || text.startsWith("'") ? text.charAt(0) : undefined;
}

/** What stands in the quotes that the text begins with, and where the rest begins. */
function readQuoted(text: string, quote: string): readonly [inner: string, end: number] {
  let inner = '';
  for (let at = 1; at < text.length; at++) {
    if (text[at] === quote) return [inner, at + 1];
    // Every other backslash is a backslash: Windows paths survive.
    if (text[at] === '\\' && text[at + 1] === quote) at++;
    inner += text[at];
  }
  throw new BadLine(`the quote ${quote} is never closed`);
}

/** A name must be a path that can travel. */
function checkName(name: string): void {
  if (name === '') throw new BadLine(`the name is empty (${FORM})`);
  if (hasControls(name)) throw new BadLine('control characters in the name');
  if (Buffer.byteLength(name) > PATH_BYTES_MAX)
    throw new BadLine(`the name is longer than ${PATH_BYTES_MAX} bytes`);
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw new BadLine(`"${name}" is no name: no / at its ends, no empty part, no . or ..`);
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

/** Split at line feeds; what follows the last one is a line if it is not empty. */
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
