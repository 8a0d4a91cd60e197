import { FILE_BYTES_MAX, PATH_BYTES_MAX, SHARE_FILES_MAX } from '../../../../Protocol/Limits.ts';
import { type ListedFile, listedFileBytes } from '../../../../Protocol/ListedFile.ts';
import type { ControlOf } from '../../../../Protocol/PeerMessages.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';

/** Encoded bytes of one listing: a million files with paths of 80 bytes. */
const LISTING_BYTES_MAX = 128 * 1_048_576;
/** Duration of one listing: the longest possible one, at 5 Mbit/s. */
const LISTING_MS_MAX = 240_000;

/**
 * The list of files of another peer below one folder, page by page. Checks what that peer claims: its pages follow each
 * other, its paths ascend and lie below the folder, and the whole is bounded in files, bytes and time.
 */
export class FileListing {
  readonly #below: string;
  readonly #deadlineMs: number;
  #cursor = 0;
  #bytes = 0;
  #lastPath = '';
  #complete = false;

  /** @throws ShoalError NOT_FOUND: the path is too long for a folder */
  constructor(folder: string, nowMs: number) {
    if (Buffer.byteLength(folder) > PATH_BYTES_MAX)
      throw new ShoalError('NOT_FOUND', `no folder has a path of more than ${PATH_BYTES_MAX} bytes`);
    this.#below = folder === '' ? '' : `${folder}/`;
    this.#deadlineMs = nowMs + LISTING_MS_MAX;
  }

  /** Number of files before the next page. */
  get cursor(): number {
    return this.#cursor;
  }

  get complete(): boolean {
    return this.#complete;
  }

  /**
   * Adds the next page; returns its new files. Files that an earlier page had are left out: the share of the peer may
   * change between two pages.
   * @throws ShoalError BAD_FRAME for a page that no peer of good will sends; REFUSED beyond a bound
   */
  add({ next, files }: Pick<ControlOf<'listPage'>, 'next' | 'files'>, nowMs: number): readonly ListedFile[] {
    const end = this.#cursor + files.length;
    if (next !== 0 && (files.length === 0 || next !== end)) throw wrong('its pages do not follow each other');
    for (const [index, file] of files.entries()) {
      this.#bytes += listedFileBytes(file);
      if (file.size > FILE_BYTES_MAX) throw wrong('it lists a file of impossible size');
      if (!file.path.startsWith(this.#below)) throw wrong('it lists files outside the folder');
      if (file.path <= (files[index - 1]?.path ?? '')) throw wrong('its paths are not in order');
    }
    if (end > SHARE_FILES_MAX || this.#bytes > LISTING_BYTES_MAX || nowMs > this.#deadlineMs)
      throw new ShoalError('REFUSED', 'the file list of the peer is too long, or too slow');
    const last = this.#lastPath;
    this.#lastPath = files.at(-1)?.path ?? last;
    this.#cursor = next;
    this.#complete = next === 0;
    const isNew = (files[0]?.path ?? '') > last;
    return isNew ? files : files.filter(({ path }) => path > last);
  }
}

function wrong(what: string): ShoalError {
  return new ShoalError('BAD_FRAME', `the file list of the peer is invalid: ${what}`);
}
