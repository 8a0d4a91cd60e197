import { EventEmitter } from 'node:events';
import type { FileId, PeerId } from '../../Protocol/Ids.ts';
import type { ListedFile } from '../../Protocol/PeerMessages.ts';
import type { Address } from '../../Shared/Address.ts';
import type { Clock, Random } from '../../Shared/Clock.ts';
import type { Log } from '../../Shared/Log.ts';
import type { ShoalError } from '../../Shared/ShoalError.ts';
import type { Dial, Listen } from '../../Shared/Transport.ts';
import type { PeerContact, Self, UploadStatus } from '../Model.ts';
import type { Source, SourceEvents } from './SourceOf.ts';
import type { ChunkProvider } from './Wanted.ts';

/** A peer whose id is known. */
export type KnownContact = PeerContact & { readonly peerId: PeerId };

/** Bytes a second; undefined: no limit. */
export interface Limits {
  readonly up?: number | undefined;
  readonly down?: number | undefined;
}

export interface PeerLinksOptions {
  /** `port` of it is replaced by the one we listen on. */
  readonly self: Self;
  readonly provider: ChunkProvider;
  readonly dial: Dial;
  readonly listen: Listen;
  readonly clock: Clock;
  readonly random: Random;
  /** Unpredictable bytes, for lane tokens. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly log: Log;
  readonly uploadLimit?: number | undefined;
  readonly downloadLimit?: number | undefined;
}

/** A control link as shown to people. */
export interface LinkStatus {
  readonly peer: KnownContact;
  readonly dialledByUs: boolean;
  readonly sinceMs: number;
}

/** What the links tell. */
export interface PeerLinksEvents {
  peerJoined: [peer: KnownContact];
  /** Undefined: it said goodbye. */
  peerLeft: [peer: KnownContact, reason: ShoalError | undefined];
  /** Another peer named one that has (part of) a file. */
  sourceFound: [fileId: FileId, contact: KnownContact];
  /** Another peer named one that it is linked to. */
  peerFound: [contact: KnownContact];
  /** A chunk came whole and wrong. */
  wrongBytes: [peer: KnownContact, fileId: FileId];
  /** Another peer named a tracker that it uses. */
  trackerNamed: [address: Address];
}

/** All TCP between this peer and others: control links, lanes, serving. */
export class PeerLinks extends EventEmitter<PeerLinksEvents> {
  readonly #options: PeerLinksOptions;

  constructor(options: PeerLinksOptions) {
    super();
    this.#options = options;
  }

  /** Listens. Port 0 or none: a random free one of 9000-9999. @throws ShoalError PORT_IN_USE */
  start(_where: { readonly port?: number | undefined } = {}): Promise<void> {
    throw this.#missing();
  }

  /** Where we listen. */
  get local(): Address {
    throw this.#missing();
  }

  close(): Promise<void> {
    throw this.#missing();
  }

  /** Links to a peer, or gives the link there is. @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, CANCELLED */
  connect(_contact: PeerContact, _signal: AbortSignal): Promise<KnownContact> {
    throw this.#missing();
  }

  /** Files of another peer below a folder, in pages. @throws ShoalError like connect */
  listFiles(
    _contact: PeerContact,
    _folder: string,
    _signal: AbortSignal,
  ): AsyncIterable<readonly ListedFile[]> {
    throw this.#missing();
  }

  /** @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, NOT_FOUND, CANCELLED */
  openSource(
    _contact: PeerContact,
    _fileId: FileId,
    _events: SourceEvents,
    _signal: AbortSignal,
  ): Promise<Source> {
    throw this.#missing();
  }

  /** We have one more chunk: told to those interested, gathered for 50 ms. */
  announceHave(_fileId: FileId, _chunk: number): void {
    throw this.#missing();
  }

  /** We no longer share it. */
  announceGone(_fileId: FileId): void {
    throw this.#missing();
  }

  /** The tracker we use, told to every linked peer; undefined: none. */
  announceTracker(_tracker: { readonly address: Address; readonly onMyHost: boolean } | undefined): void {
    throw this.#missing();
  }

  links(): readonly LinkStatus[] {
    throw this.#missing();
  }

  /** Peers being served now. */
  uploads(): readonly UploadStatus[] {
    throw this.#missing();
  }

  /** Payload bytes since start. */
  totals(): { readonly sent: number; readonly received: number } {
    throw this.#missing();
  }

  /** Changes the limits at once. */
  setLimits(_limits: Limits): void {
    throw this.#missing();
  }

  /** Ends all links with that peer and takes no new ones, from its address either (unless that is loopback), for an hour. */
  ban(_peerId: PeerId, _address: Address): void {
    throw this.#missing();
  }

  #missing(): Error {
    return new Error(`not built yet (${this.#options.self.name})`);
  }
}
