import { ShoalError } from '../ShoalError.ts';
import { safeText } from '../Text/SafeText.ts';

/** One `key = value` of the config file. */
interface ConfigLine {
  /** Lower case. */
  readonly key: string;
  readonly value: string;
  /** Line number, from 1. */
  readonly line: number;
}

/** A parsed config file; `path` is for messages. */
export interface ConfigFile {
  readonly path: string;
  readonly lines: readonly ConfigLine[];
}

/**
 * Parses a config file: one `key = value` per line; lines starting with `#` and blank lines are ignored. The value
 * is the trimmed rest of the line, or the text between double quotes. Keys are validated by the caller.
 * @param path - for messages
 * @throws ShoalError USAGE with the line number
 */
export function parseConfig(text: string, path: string): ConfigFile {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((content, index) => parseLine(content, index + 1, path));
  return { path, lines };
}

/** Formats a position like `line 3 of /home/…/shoal.conf`, safe to print. */
export function placeOf(path: string, line: number): string {
  return `line ${line} of ${safeText(path)}`;
}

function parseLine(content: string, line: number, path: string): ConfigLine[] {
  const trimmed = content.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return [];
  const match = /^([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)$/.exec(trimmed);
  const [, key = '', raw = ''] = match ?? [];
  const value = /^".*"$/.test(raw) ? raw.slice(1, -1) : raw;
  if (match !== null && value !== '') return [{ key: key.toLowerCase(), value, line }];
  const shown = safeText(trimmed.length > 40 ? `${trimmed.slice(0, 40)}…` : trimmed);
  throw new ShoalError('USAGE', `${placeOf(path, line)} is not a setting: ${shown}`, {
    hint: 'A setting is written: key = value, like tracker = 192.168.1.20',
  });
}
