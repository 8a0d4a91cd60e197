import type { Bitfield } from '../../../../Protocol/Bitfield.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { LINK_REQUEST_TIMEOUT_MS } from '../../../../Protocol/Limits.ts';
import type { ControlMessage, ControlOf } from '../../../../Protocol/PeerMessages.ts';
import { onAbort } from '../../../../Shared/Async/OnAbort.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { Source, SourceEvents } from '../../../Transfer.ts';
import type { Useless } from './DeferredHaves.ts';
import { Growth } from './Growth.ts';
import { PeerSource, type SourceContent, type SourceContext } from './PeerSource.ts';
import { RemoteHoldings } from './RemoteHoldings.ts';

interface RemoteFile {
  readonly holdings: RemoteHoldings;
  readonly sources: Set<PeerSource>;
  /** Callers that wait for the first announcement of this file. */
  readonly waiting: Set<(failure?: ShoalError) => void>;
  /** Sources, and callers that open one. At 0 our interest ends. */
  users: number;
  /** Whether the peer fetches the file from us and announces its progress. */
  watched: boolean;
  readonly growth: Growth;
}

/** Files of one peer that are watched at once. */
const WATCHED_MAX = 256;
/** Files of one peer that are remembered as complete there. */
const WHOLE_MAX = 4_096;

/** Chunks a peer has of a file. */
export interface RemoteProgress {
  readonly have: Bitfield | 'all';
  readonly chunksPerSecond: number;
}

export interface RemoteFilesOptions {
  readonly send: (message: ControlMessage) => void;
  readonly clock: Clock;
  /** Called after we declared interest in a file. */
  readonly declared: (fileId: FileId) => void;
  /** Called before we end interest in a file: the last chance to announce our chunks to this peer. */
  readonly ending: (fileId: FileId) => void;
  /** Whether the peer fetches the file from us, so that its progress matters after it is no longer a source. */
  readonly wantedOfUs: (fileId: FileId) => boolean;
}

/** Files that we fetch from one peer, or it from us: interest, its chunks, and the sources made of them. */
export class RemoteFiles {
  readonly #send: (message: ControlMessage) => void;
  readonly #clock: Clock;
  readonly #declared: (fileId: FileId) => void;
  readonly #ending: (fileId: FileId) => void;
  readonly #wantedOfUs: (fileId: FileId) => boolean;
  /** Files that were complete at the peer and are no longer tracked. */
  readonly #finished = new Set<FileId>();
  #watching = 0;
  readonly #files = new Map<FileId, RemoteFile>();
  /** Sources of bundles, and of files known to be complete at the peer. */
  readonly #whole = new Set<PeerSource>();
  /** Queue place as last announced; 0: none. */
  #place = 0;
  #of = 0;

  constructor({ send, clock, declared, ending, wantedOfUs }: RemoteFilesOptions) {
    this.#send = send;
    this.#clock = clock;
    this.#declared = declared;
    this.#ending = ending;
    this.#wantedOfUs = wantedOfUs;
  }

  /** Whether we are interested in a file at this peer. */
  has(fileId: FileId): boolean {
    return this.#wanted(fileId) !== undefined;
  }

  /** Tracks the progress of a peer that fetches a file from us, until it is complete. */
  watch(fileId: FileId, chunkCount: number): void {
    if (this.#watching >= WATCHED_MAX || this.#files.has(fileId)) return;
    const file = newFile();
    this.#files.set(fileId, file);
    this.#finished.delete(fileId);
    file.holdings.setChunkCount(chunkCount);
    this.#beginWatching(file);
  }

  unwatch(fileId: FileId): void {
    const file = this.#files.get(fileId);
    if (!file?.watched) return;
    file.watched = false;
    this.#watching--;
    if (file.users === 0) this.#forget(fileId, file);
  }

  /**
   * Why the peer does not need to know that we have these chunks; undefined: it may need to. A peer that makes
   * suggestions always does.
   */
  uselessTo(fileId: FileId, chunks: readonly number[]): Useless | undefined {
    const holdings = this.#files.get(fileId)?.holdings;
    if (holdings === undefined || !holdings.known) return undefined;
    if (isWhole(holdings)) return holdings.suggestion === undefined ? 'has all' : undefined;
    return chunks.every((chunk) => holdings.have?.has(chunk)) ? 'has them' : undefined;
  }

  /** Chunks announced of a file; undefined: none announced. */
  progressOf(fileId: FileId): RemoteProgress | undefined {
    const file = this.#files.get(fileId);
    if (file !== undefined && (file.watched || (file.holdings.known && !file.holdings.none))) {
      return {
        have: file.holdings.have ?? 'all',
        chunksPerSecond: file.growth.perSecond(this.#clock.nowMs()),
      };
    }
    return this.#finished.has(fileId) || this.#isWholeSource(fileId)
      ? { have: 'all', chunksPerSecond: 0 }
      : undefined;
  }

  /**
   * Resolves after the peer's first announcement.
   * @throws ShoalError NOT_FOUND, TIMEOUT, CANCELLED; the reason of `fail`
   */
  async open(
    context: SourceContext,
    fileId: FileId,
    events: SourceEvents,
    signal: AbortSignal,
    known: 'complete' | undefined,
  ): Promise<Source> {
    if (known === 'complete') {
      return this.#openWhole(context, { fileId, holdings: undefined }, events);
    }
    const file = this.#wanted(fileId) ?? this.#declare(fileId);
    file.users++;
    const failure = await this.#firstWord(file, signal);
    if (failure !== undefined || file.holdings.none) {
      this.#unuse(fileId, file);
      throw failure ?? new ShoalError('NOT_FOUND', 'the peer does not have the file');
    }
    const source = new PeerSource(context, { fileId, holdings: file.holdings }, events);
    file.sources.add(source);
    if (this.#place > 0) source.queued(this.#place, this.#of);
    return source;
  }

  /** Opens a source of bundles of small files that the peer lists. */
  openBundles(context: SourceContext, bundles: Bitfield, events: SourceEvents): PeerSource {
    return this.#openWhole(context, { bundles }, events);
  }

  release(source: PeerSource): void {
    this.#whole.delete(source);
    const { fileId } = source;
    const file = fileId === undefined ? undefined : this.#files.get(fileId);
    if (fileId !== undefined && file?.sources.delete(source)) this.#unuse(fileId, file);
  }

  /** Whether the peer is a source of a file, or announced part of it. */
  holds(fileId: FileId): boolean {
    const file = this.#files.get(fileId);
    if (file?.holdings.known) return !file.holdings.none;
    return this.#isWholeSource(fileId);
  }

  #isWholeSource(fileId: FileId): boolean {
    return [...this.#whole].some((source) => source.fileId === fileId);
  }

  receive(message: ControlOf<'haveAll' | 'haveNone' | 'bitfield' | 'have'>): void {
    const file = this.#files.get(message.fileId);
    if (file === undefined) return;
    const first = !file.holdings.known;
    switch (message.type) {
      case 'haveAll':
        file.holdings.all();
        break;
      case 'haveNone':
        file.holdings.nothing();
        break;
      case 'bitfield':
        file.holdings.bits(message.firstByte, message.bits);
        file.growth.restart();
        break;
      case 'have':
        file.holdings.chunks(message.chunks);
        break;
    }
    const { have } = file.holdings;
    if (have !== undefined) file.growth.add(have.count, this.#clock.nowMs());
    if (file.watched && isWhole(file.holdings)) this.unwatch(message.fileId);
    for (const wake of [...file.waiting]) wake();
    if (first) return;
    if (!file.holdings.none) for (const source of file.sources) source.haveChanged();
    else this.#leave([...file.sources], new ShoalError('NOT_FOUND', 'the peer no longer shares the file'));
  }

  suggested({ fileId, rest, chunks }: ControlOf<'suggest'>): void {
    const file = this.#files.get(fileId);
    if (file === undefined) return;
    file.holdings.suggestion = rest === 'anything' ? undefined : { rest, chunks };
    for (const source of file.sources) source.suggested();
  }

  queued(place: number, of: number): void {
    this.#place = place;
    this.#of = of;
    for (const source of this.#all()) source.queued(place, of);
  }

  /** Grants a turn to all sources that lined up. */
  turn(bytes: number): void {
    for (const source of this.#all()) source.turn(bytes);
  }

  /** Declares all interest again after the link was replaced. */
  redeclare(): void {
    for (const fileId of this.#files.keys()) if (this.has(fileId)) this.#announce(fileId);
  }

  /** Ends all sources: the peer or its lane is gone. */
  fail(reason: ShoalError, link?: 'standing'): void {
    for (const file of this.#files.values()) for (const wake of [...file.waiting]) wake(reason);
    this.#leave(this.#all(), reason, link);
  }

  #openWhole(context: SourceContext, content: SourceContent, events: SourceEvents): PeerSource {
    const source = new PeerSource(context, content, events);
    this.#whole.add(source);
    if (this.#place > 0) source.queued(this.#place, this.#of);
    return source;
  }

  #wanted(fileId: FileId): RemoteFile | undefined {
    const file = this.#files.get(fileId);
    return file !== undefined && file.users > 0 ? file : undefined;
  }

  #unuse(fileId: FileId, file: RemoteFile): void {
    file.users--;
    if (file.users > 0 || this.#files.get(fileId) !== file) return;
    this.#ending(fileId);
    this.#send({ type: 'notInterested', fileId });
    const goesOn = !isWhole(file.holdings) && this.#watching < WATCHED_MAX && this.#wantedOfUs(fileId);
    if (!file.watched && goesOn) this.#beginWatching(file);
    if (!file.watched) this.#forget(fileId, file);
  }

  #beginWatching(file: RemoteFile): void {
    file.watched = true;
    this.#watching++;
  }

  #forget(fileId: FileId, { holdings }: RemoteFile): void {
    if (isWhole(holdings) && this.#finished.size < WHOLE_MAX) this.#finished.add(fileId);
    this.#files.delete(fileId);
  }

  #declare(fileId: FileId): RemoteFile {
    const file = newFile();
    file.watched = this.#files.get(fileId)?.watched ?? false;
    this.#finished.delete(fileId);
    this.#files.set(fileId, file);
    this.#announce(fileId);
    return file;
  }

  #announce(fileId: FileId): void {
    this.#send({ type: 'interested', fileId });
    this.#declared(fileId);
  }

  #firstWord(file: RemoteFile, signal: AbortSignal): Promise<ShoalError | undefined> {
    if (file.holdings.known) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const finish = (failure?: ShoalError) => {
        cancelTimeout();
        stopListening();
        file.waiting.delete(finish);
        resolve(failure);
      };
      const stopListening = onAbort(signal, () => finish(new ShoalError('CANCELLED', 'cancelled')));
      const cancelTimeout = this.#clock.after(LINK_REQUEST_TIMEOUT_MS, () =>
        finish(new ShoalError('TIMEOUT', 'the peer did not announce its chunks in time')),
      );
      file.waiting.add(finish);
      if (signal.aborted) finish(new ShoalError('CANCELLED', 'cancelled'));
    });
  }

  #leave(sources: readonly PeerSource[], reason: ShoalError, link?: 'standing'): void {
    for (const source of sources) {
      this.release(source);
      source.left(reason, link);
    }
  }

  #all(): PeerSource[] {
    return [...this.#whole, ...[...this.#files.values()].flatMap((file) => [...file.sources])];
  }
}

function newFile(): RemoteFile {
  return {
    holdings: new RemoteHoldings(),
    sources: new Set(),
    waiting: new Set(),
    users: 0,
    watched: false,
    growth: new Growth(),
  };
}

function isWhole({ known, have }: RemoteHoldings): boolean {
  return known && (have === undefined || (have.size > 0 && have.complete));
}
