import { chunkLayout } from '../../../../Protocol/ChunkLayout.ts';
import type { FileDescription } from '../../../../Protocol/FileId.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import {
  BITFIELD_PAGE_BYTES,
  CONTROL_FRAME_BYTES_MAX,
  HASHES_PER_PAGE,
  SEARCH_HITS_PER_PEER_MAX,
  SHARE_FILES_MAX,
} from '../../../../Protocol/Limits.ts';
import { listedFileBytes } from '../../../../Protocol/ListedFile.ts';
import type { ControlMessage, ControlOf } from '../../../../Protocol/PeerMessages.ts';
import type { RelayedFile, RelayQuestion } from '../../../../Protocol/RelayMessages.ts';
import type { CatalogEntry } from '../../../Model.ts';
import { refusalOf } from '../../Lanes/Sending/Refusal.ts';
import type { ChunkProvider } from '../../Ports.ts';

type Asked = ControlOf<'list' | 'describe' | 'query'>;

/** Pending questions of one peer; further ones are refused as busy. */
const ASKED_MAX = 64;
/** Bounds of one list page: files, and bytes of a frame without its other fields. */
const FILES_PER_PAGE = 1_000;
const PAGE_BYTES_MAX = CONTROL_FRAME_BYTES_MAX - 64;

export interface LinkAnswersOptions {
  readonly provider: ChunkProvider;
  readonly send: (message: ControlMessage) => void;
  /** Resolves when the send backlog is small: a peer that asks without reading gets no further answers. */
  readonly writable: () => Promise<void>;
  /** Our files that match a question; undefined: over the rate limit. */
  readonly matching: (question: RelayQuestion) => readonly RelayedFile[] | undefined;
}

/** Answers the questions of one peer about our share, one at a time. */
export class LinkAnswers {
  readonly #options: LinkAnswersOptions;
  readonly #asked: Asked[] = [];
  #working = false;
  /** Subject of the last question, kept because the next question usually asks for its next page. */
  #listing: { readonly folder: string; readonly files: readonly CatalogEntry[] } | undefined;
  #description: FileDescription | undefined;

  constructor(options: LinkAnswersOptions) {
    this.#options = options;
  }

  ask(question: Asked): void {
    if (this.#asked.length >= ASKED_MAX) {
      this.#options.send({ type: 'refused', requestId: question.requestId, code: 'busy' });
      return;
    }
    this.#asked.push(question);
    if (!this.#working) void this.#work();
  }

  /** Chunk count of a file that is here in part or whole; 0: not here. */
  chunksOf(fileId: FileId): number {
    const { provider } = this.#options;
    const size = provider.holdings(fileId) === undefined ? undefined : provider.sizeOf(fileId);
    return size === undefined ? 0 : chunkLayout(size).chunkCount;
  }

  /** Our chunks of a file, as messages. */
  holdings(fileId: FileId): ControlMessage[] {
    const held = this.#options.provider.holdings(fileId);
    if (held === undefined) return [{ type: 'haveNone', fileId }];
    if (held === 'all' || held.complete) return [{ type: 'haveAll', fileId }];
    const pages: ControlMessage[] = [];
    const bytes = Math.ceil(held.size / 8);
    for (let firstByte = 0; firstByte === 0 || firstByte < bytes; firstByte += BITFIELD_PAGE_BYTES) {
      pages.push({ type: 'bitfield', fileId, firstByte, bits: held.page(firstByte, BITFIELD_PAGE_BYTES) });
    }
    return pages;
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    this.#working = true;
    for (let asked = this.#asked.shift(); asked !== undefined; asked = this.#asked.shift()) {
      await this.#options.writable();
      this.#options.send(await this.#answer(asked));
    }
    this.#working = false;
  }

  async #answer(asked: Asked): Promise<ControlMessage> {
    try {
      if (asked.type === 'query') return this.#hits(asked);
      return asked.type === 'list' ? this.#listPage(asked) : await this.#descriptionPage(asked);
    } catch (failure) {
      return { type: 'refused', requestId: asked.requestId, code: refusalOf(failure) };
    }
  }

  #hits({ requestId, question }: ControlOf<'query'>): ControlMessage {
    const files = this.#options.matching(question);
    if (files === undefined) return { type: 'refused', requestId, code: 'busy' };
    return { type: 'hits', requestId, files: files.slice(0, SEARCH_HITS_PER_PEER_MAX) };
  }

  #listPage({ requestId, folder, cursor }: ControlOf<'list'>): ControlMessage {
    if (cursor === 0 || this.#listing?.folder !== folder) {
      this.#listing = { folder, files: listing(this.#options.provider, folder) };
    }
    const { files } = this.#listing;
    const end = pageEnd(files, cursor);
    const page = files.slice(cursor, end);
    const next = end < files.length ? end : 0;
    if (next === 0) this.#listing = undefined;
    return { type: 'listPage', requestId, total: files.length, next, files: page };
  }

  async #descriptionPage({ requestId, fileId, firstChunk }: ControlOf<'describe'>): Promise<ControlMessage> {
    if (this.#description?.fileId !== fileId) {
      this.#description = await this.#options.provider.describe(fileId);
    }
    const { layout, chunkHashes } = this.#description;
    const page = chunkHashes.slice(firstChunk, firstChunk + HASHES_PER_PAGE);
    if (firstChunk + page.length >= layout.chunkCount) this.#description = undefined;
    return { type: 'description', requestId, size: layout.size, firstChunk, chunkHashes: page };
  }
}

/** Files and folders below a folder, by path. */
function listing(provider: ChunkProvider, folder: string): readonly CatalogEntry[] {
  const files = provider.list(folder);
  const folders = (provider.folders?.(folder) ?? []).slice(0, SHARE_FILES_MAX - files.length);
  if (folders.length === 0) return files;
  return [...files, ...folders.toSorted(byPath)].sort(byPath);
}

function byPath(one: CatalogEntry, other: CatalogEntry): number {
  return one.path < other.path ? -1 : 1;
}

/** End of the page that begins at `start`. */
function pageEnd(files: readonly CatalogEntry[], start: number): number {
  const most = Math.min(files.length, start + FILES_PER_PAGE);
  let bytes = 0;
  for (let end = start; end < most; end++) {
    const file = files[end];
    if (file !== undefined) bytes += listedFileBytes(file);
    if (bytes > PAGE_BYTES_MAX) return end;
  }
  return Math.max(start, most);
}
