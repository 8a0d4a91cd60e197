import { ShoalError } from '../../Shared/ShoalError.ts';

/** Names by which a user can refer to a download. */
export interface NamedDownload {
  readonly number: number;
  readonly fileId: string | undefined;
  readonly path: string;
}

/** Minimum length of a FileId prefix, in hex digits. */
const ID_CHARS_MIN = 4;

/**
 * Finds a download by number, whole path, last path component, FileId prefix or part of the path; the first rule
 * with a match decides. Case and a trailing `/` are ignored.
 * @throws ShoalError NOT_FOUND, AMBIGUOUS (the hint lists the candidates)
 */
export function findDownload<T extends NamedDownload>(text: string, downloads: readonly T[]): T {
  const wanted = folded(text);
  const rules: ((download: T) => boolean)[] = [
    ({ number }) => String(number) === wanted.replace(/^#/, ''),
    ({ path }) => folded(path) === wanted,
    ({ path }) => folded(path).split('/').pop() === wanted,
    ({ fileId }) => isIdStart(wanted) && fileId?.startsWith(wanted) === true,
    ({ path }) => wanted !== '' && folded(path).includes(wanted),
  ];
  for (const rule of rules) {
    const [found, ...others] = downloads.filter(rule);
    if (found === undefined) continue;
    if (others.length === 0) return found;
    const candidates = [found, ...others].slice(0, 5).map(({ number, path }) => `${number} (${path})`);
    throw new ShoalError('AMBIGUOUS', `"${text}" could be ${others.length + 1} downloads`, {
      hint: `Use the number: ${candidates.join(', ')}`,
    });
  }
  throw new ShoalError('NOT_FOUND', `there is no download "${text}"`, {
    hint:
      downloads.length === 0
        ? 'Nothing was downloaded yet.'
        : (command) => `See them all: ${command('downloads')}`,
  });
}

function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().trim().replace(/\/+$/, '');
}

function isIdStart(text: string): boolean {
  return text.length >= ID_CHARS_MIN && /^[0-9a-f]+$/.test(text);
}
