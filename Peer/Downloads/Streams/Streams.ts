import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { FileFetch } from '../File/FileFetch.ts';
import type { TaskContext } from '../File/Task.ts';
import { PUSHED_PRIORITY } from '../Lifecycle/DownloadSlots.ts';
import type { FileWish } from '../Model.ts';
import type { LocalChunks } from '../Ports.ts';
import { FileStream, type StreamRange } from './FileStream.ts';

/** Contents that are read at once: each has memory for its chunks. */
const CONTENTS_MAX = 4;
/** Readers of all contents. */
const READERS_MAX = 16;
/** Contents and readers that are kept for users of this computer. */
const OWN_CONTENTS = 1;
const OWN_READERS = 4;
/** Priority numbers: lower ones are fetched first, and downloads count from 1. */
const OWN_PRIORITY = 0;
const OTHER_PRIORITY = 2 * PUSHED_PRIORITY;
/** Readers of one client. */
const CLIENT_READERS_MAX = 6;
/** Time without progress after which a reader gives its place to another one. */
const IDLE_MS = 10_000;
/** Time that a content is kept without a reader: a browser that seeks ends its request and makes another. */
const LINGER_MS = 10_000;

export interface StreamsOptions {
  readonly context: TaskContext;
  readonly local: LocalChunks | undefined;
  readonly clock: Clock;
  /** Called when the first content is opened and the last one closed. */
  readonly activityChanged: () => void;
}

/** A client that reads. */
export interface StreamClient {
  readonly host: string;
  /** A user of this computer: fetched before downloads, where others are fetched after them. */
  readonly own: boolean;
  /** Whether it waits for sources and data as long as a download does. Absent: 10 s and a minute. */
  readonly isPatient?: boolean;
}

/** One client that reads one content, until it is closed. */
export interface OpenStream {
  /** Verified. */
  readonly size: number;
  /** Aborts when another reader gets its place. */
  readonly evicted: AbortSignal;
  /** Yields the bytes of a range in order; see FileStream.read. */
  read(range: StreamRange, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined>;
  close(): void;
}

interface Entry {
  readonly stream: FileStream;
  readonly users: Set<User>;
  cancelLinger: (() => void) | undefined;
}

interface User {
  readonly host: string;
  readonly evicted: AbortController;
  progressMs: number;
}

/** Contents that are read while they are fetched. Readers of one content share it. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #entries = new Map<FileId, Entry>();
  #closed = false;

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  get active(): boolean {
    return this.#entries.size > 0;
  }

  /**
   * Opens a content for one reader. Resolves when its size is known.
   * @throws ShoalError BUSY, NOT_FOUND, CANCELLED, CLOSED
   */
  async open(wish: FileWish, client: StreamClient, signal: AbortSignal): Promise<OpenStream> {
    const { clock } = this.#options;
    if (this.#closed) throw new ShoalError('CLOSED', 'the peer is closing');
    const user = { host: client.host, evicted: new AbortController(), progressMs: clock.nowMs() };
    const entry = this.#enter(wish, client, user);
    const leave = () => this.#leave(entry, user);
    try {
      const size = await entry.stream.size(AbortSignal.any([signal, user.evicted.signal]));
      return {
        size,
        evicted: user.evicted.signal,
        close: leave,
        read: (range, until) => this.#read(entry, user, range, until),
      };
    } catch (failure) {
      leave();
      throw failure;
    }
  }

  /** Adds a holder to a content that is being read. */
  addHolder(...[fileId, holder]: Parameters<FileFetch['addHolder']>): void {
    this.#entries.get(fileId)?.stream.addHolder(fileId, holder);
  }

  tick(): void {
    for (const { stream } of this.#entries.values()) stream.tick();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { cancelLinger } of entries) cancelLinger?.();
    await Promise.all(entries.map(({ stream }) => stream.close()));
  }

  async *#read({ stream }: Entry, user: User, range: StreamRange, until: AbortSignal) {
    const { clock } = this.#options;
    const signal = AbortSignal.any([until, user.evicted.signal]);
    for await (const piece of stream.read(range, signal)) {
      yield piece;
      user.progressMs = clock.nowMs();
    }
  }

  #enter(wish: FileWish, client: StreamClient, user: User): Entry {
    const known = this.#entries.get(wish.fileId);
    const isNew = known === undefined || known.stream.failure !== undefined;
    this.#makeRoom(client, isNew ? undefined : known);
    const entry = isNew ? this.#add(wish, client) : known;
    entry.cancelLinger?.();
    entry.cancelLinger = undefined;
    for (const holder of wish.holders) entry.stream.addHolder(wish.fileId, holder);
    entry.users.add(user);
    return entry;
  }

  #add(wish: FileWish, { own, isPatient = false }: StreamClient): Entry {
    const { context, local } = this.#options;
    const priority = { value: own ? OWN_PRIORITY : OTHER_PRIORITY };
    const stream = new FileStream({ wish, context, local, priority, isPatient });
    const entry: Entry = { stream, users: new Set(), cancelLinger: undefined };
    this.#entries.set(wish.fileId, entry);
    this.#options.activityChanged();
    return entry;
  }

  /** Ends idle readers and unused contents in favour of a new reader. @throws ShoalError BUSY */
  #makeRoom({ host, own }: StreamClient, content: Entry | undefined): void {
    const readersMax = own ? READERS_MAX : READERS_MAX - OWN_READERS;
    const contentsMax = own ? CONTENTS_MAX : CONTENTS_MAX - OWN_CONTENTS;
    const users = () => [...this.#entries.values()].flatMap((entry) => [...entry.users]);
    const ofClient = () => users().filter((user) => user.host === host);
    while (ofClient().length >= CLIENT_READERS_MAX) this.#evictOne(ofClient());
    while (users().length >= readersMax) this.#evictOne(users());
    while (content !== undefined && content.users.size >= content.stream.readersMax)
      this.#evictOne([...content.users]);
    while (content === undefined && this.#entries.size >= contentsMax) {
      const unused = [...this.#entries.values()].find((entry) => entry.users.size === 0);
      if (unused !== undefined) this.#remove(unused);
      else this.#evictOne(users());
    }
  }

  #evictOne(users: readonly User[]): void {
    const idleSinceMs = this.#options.clock.nowMs() - IDLE_MS;
    const [idlest] = users.toSorted((one, other) => one.progressMs - other.progressMs);
    if (idlest === undefined || idlest.progressMs > idleSinceMs) throw busy();
    idlest.evicted.abort();
    for (const entry of this.#entries.values()) this.#leave(entry, idlest);
  }

  #leave(entry: Entry, user: User): void {
    if (!entry.users.delete(user) || entry.users.size > 0) return;
    if (entry.stream.failure !== undefined) this.#remove(entry);
    else entry.cancelLinger = this.#options.clock.after(LINGER_MS, () => this.#remove(entry));
  }

  #remove(entry: Entry): void {
    entry.cancelLinger?.();
    const { fileId } = entry.stream;
    if (this.#entries.get(fileId) === entry) this.#entries.delete(fileId);
    void entry.stream.close();
    this.#options.activityChanged();
  }
}

function busy(): ShoalError {
  return new ShoalError('BUSY', 'too many files are being read through this peer', {
    hint: 'Try again in a few seconds.',
  });
}
