import type { FileId } from '../../../Protocol/Ids.ts';
import { LINK_REQUEST_TIMEOUT_MS } from '../../../Protocol/Limits.ts';
import type { ControlMessage, ControlOf } from '../../../Protocol/PeerMessages.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Source, SourceEvents } from '../../Transfer.ts';
import { onAbort } from './OnAbort.ts';
import { PeerSource, type SourceHome } from './PeerSource.ts';
import { RemoteHoldings } from './RemoteHoldings.ts';

interface RemoteFile {
  readonly holdings: RemoteHoldings;
  readonly sources: Set<PeerSource>;
  /** Those who wait for the first word about it. */
  readonly waiting: Set<(failure?: ShoalError) => void>;
  /** Sources, and those who wait to be one; without any, interest ends. */
  users: number;
}

/** The files that we want of one peer: interest, what it has of them, and the sources made of that. */
export class RemoteFiles {
  readonly #send: (message: ControlMessage) => void;
  readonly #clock: Clock;
  readonly #declared: (fileId: FileId) => void;
  readonly #files = new Map<FileId, RemoteFile>();
  /** Sources of files that the peer is known to have whole. */
  readonly #whole = new Set<PeerSource>();
  /** Place in its queue as told last; 0: none. */
  #place = 0;
  #of = 0;

  /** @param declared - we have just said that we are interested in a file */
  constructor(
    send: (message: ControlMessage) => void,
    clock: Clock,
    declared: (fileId: FileId) => void = () => {},
  ) {
    this.#send = send;
    this.#clock = clock;
    this.#declared = declared;
  }

  /** We are interested in that file there. */
  has(fileId: FileId): boolean {
    return this.#files.has(fileId);
  }

  /** Resolves when the peer has said what it has. @throws ShoalError NOT_FOUND, TIMEOUT, CANCELLED; the reason of `fail` */
  async open(
    home: SourceHome,
    fileId: FileId,
    events: SourceEvents,
    signal: AbortSignal,
    known: 'complete' | undefined,
  ): Promise<Source> {
    if (known === 'complete') {
      const source = new PeerSource(home, fileId, undefined, events);
      this.#whole.add(source);
      return source;
    }
    const file = this.#files.get(fileId) ?? this.#declare(fileId);
    file.users++;
    const failure = await this.#firstWord(file, signal);
    if (failure !== undefined || file.holdings.none) {
      this.#unuse(fileId, file);
      throw failure ?? new ShoalError('NOT_FOUND', 'the peer does not have the file');
    }
    const source = new PeerSource(home, fileId, file.holdings, events);
    file.sources.add(source);
    if (this.#place > 0) source.queued(this.#place, this.#of);
    return source;
  }

  release(source: PeerSource): void {
    this.#whole.delete(source);
    const file = this.#files.get(source.fileId);
    if (file?.sources.delete(source)) this.#unuse(source.fileId, file);
  }

  /** The peer is a source of that file here, or has said that it has some of it. */
  holds(fileId: FileId): boolean {
    const file = this.#files.get(fileId);
    if (file?.holdings.known) return !file.holdings.none;
    return [...this.#whole].some((source) => source.fileId === fileId);
  }

  hear(message: ControlOf<'haveAll' | 'haveNone' | 'bitfield' | 'have'>): void {
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
        break;
      case 'have':
        file.holdings.chunks(message.chunks);
        break;
    }
    for (const wake of [...file.waiting]) wake();
    if (first) return;
    if (!file.holdings.none) for (const source of file.sources) source.haveChanged();
    else this.#leave([...file.sources], new ShoalError('NOT_FOUND', 'it no longer shares the file'));
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

  /** Declares all interest again, on a new link. */
  redeclare(): void {
    for (const fileId of this.#files.keys()) this.#tell(fileId);
  }

  /** The peer, or its lane, is gone. */
  fail(reason: ShoalError): void {
    for (const file of this.#files.values()) for (const wake of [...file.waiting]) wake(reason);
    this.#leave(this.#all(), reason);
  }

  #unuse(fileId: FileId, file: RemoteFile): void {
    file.users--;
    if (file.users > 0 || this.#files.get(fileId) !== file) return;
    this.#files.delete(fileId);
    this.#send({ type: 'notInterested', fileId });
  }

  #declare(fileId: FileId): RemoteFile {
    const file: RemoteFile = {
      holdings: new RemoteHoldings(),
      sources: new Set(),
      waiting: new Set(),
      users: 0,
    };
    this.#files.set(fileId, file);
    this.#tell(fileId);
    return file;
  }

  #tell(fileId: FileId): void {
    this.#send({ type: 'interested', fileId });
    this.#declared(fileId);
  }

  #firstWord(file: RemoteFile, signal: AbortSignal): Promise<ShoalError | undefined> {
    if (file.holdings.known) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const finish = (failure?: ShoalError) => {
        cancelTimeout();
        stopWaiting();
        file.waiting.delete(finish);
        resolve(failure);
      };
      const stopWaiting = onAbort(signal, () => finish(new ShoalError('CANCELLED', 'given up')));
      const cancelTimeout = this.#clock.after(LINK_REQUEST_TIMEOUT_MS, () =>
        finish(new ShoalError('TIMEOUT', 'the peer did not say what it has')),
      );
      file.waiting.add(finish);
      if (signal.aborted) finish(new ShoalError('CANCELLED', 'given up'));
    });
  }

  #leave(sources: readonly PeerSource[], reason: ShoalError): void {
    for (const source of sources) {
      this.release(source);
      source.left(reason);
    }
  }

  #all(): PeerSource[] {
    return [...this.#whole, ...[...this.#files.values()].flatMap((file) => [...file.sources])];
  }
}
