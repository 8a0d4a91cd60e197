import type { Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { FileId } from '../../Protocol/Ids.ts';
import type { Log } from '../../Shared/Log.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import type { ByteStream, StreamHandler } from '../../Shared/Network/Transport.ts';
import type { Clock } from '../../Shared/Time/Clock.ts';
import type { ContentDigest, ContentRange, ContentSink, NetworkFile } from '../ContentModel.ts';
import type { DownloadStatus } from '../DownloadModel.ts';
import type { CatalogEntry, FileSummary } from '../Model.ts';
import type { NetworkHealth } from '../NetworkModel.ts';
import type { DropRequest, OpenDrop, ShareStatus } from '../ShareModel.ts';
import type { OneTimeCodes } from './Access/OneTimeCodes.ts';
import type { ShareLinks } from './Links/ShareLinks.ts';
import type { HttpGet } from './Metalink/HttpGet.ts';

/** Services of the peer and of its port that the web uses. Types only. */

/** A request with the objects of node:http, for routes of Hono. */
export type WebEnv = { Bindings: HttpBindings };
export type WebCall = Context<WebEnv>;

/** A connection that begins with an HTTP request; see Incoming of the network. */
export interface WebConnection {
  readonly remote: Address;
  /** Over the connection limit: to be answered with status 503. */
  readonly full: boolean;
  stream(handlerOf: (stream: ByteStream) => StreamHandler): void;
  socket(): Duplex;
  /** Ends the deadline for the first request. */
  settle(): void;
}

/** Owner of a connection; see Occupant of the network. */
export interface WebOccupant {
  /** Milliseconds without a request; undefined: a request is in progress. */
  idleMs(nowMs: number): number | undefined;
  evict(): void;
}

/** A word of a command, or text of a user, which is quoted: it is never a flag. */
export type CommandWord = string | { readonly text: string };

/** A command with the form of its answer; see OneShotRequest. */
export interface WebCommand {
  /** The name first, then flags and arguments. */
  readonly words: readonly CommandWord[];
  /** Name in the envelope. */
  readonly command: string;
  /** Items to answer, of the whole list. */
  readonly window: ItemWindow;
}

/** A part of a list: `count` items from position `from` on. */
interface ItemWindow {
  readonly from: number;
  readonly count: number;
}

interface WebAnswer {
  readonly error: { readonly code: string } | undefined;
  /** The JSON envelope. */
  readonly json: string;
}

/** Files of the share. Paths are keys of the catalog: none is opened as it is. */
export interface WebFiles {
  find(path: string): CatalogEntry | undefined;
  findId(id: FileId): CatalogEntry | undefined;
  /** Files below a folder, ordered by path. */
  list(folder: string): readonly CatalogEntry[];
  /** The same without their contents, one after the other. Valid until the catalog changes. */
  below(folder: string): Iterable<FileSummary>;
  /**
   * Sends a range of a file within slots and limits; only bytes of that content are sent.
   * @throws ShoalError NOT_FOUND, FILE_CHANGED, DISK_FAILED, CANCELLED, TIMEOUT; failures of the sink pass through
   */
  send(content: FileId, range: ContentRange, to: ContentSink, signal: AbortSignal): Promise<void>;
  /** @throws ShoalError NOT_FOUND, REFUSED (too large), BUSY, FILE_CHANGED, DISK_FAILED, CANCELLED */
  digest(content: FileId, signal: AbortSignal): Promise<ContentDigest>;
  /** The digest, if it was computed before. */
  knownDigest(content: FileId): ContentDigest | undefined;
}

/** Files that clients send. */
interface WebDrops {
  /** Whether clients other than the user of this peer may offer files. */
  readonly takesOffers: boolean;
  /**
   * Opens a drop, or an interrupted one once more. May wait for the user's answer.
   * @param gone - called when another request takes over, or the drop is cancelled
   * @throws ShoalError REFUSED, BUSY, TIMEOUT, CANCELLED, DISK_FULL, DISK_FAILED, USAGE
   */
  open(request: DropRequest, gone: () => void, signal: AbortSignal): Promise<OpenDrop>;
}

/** Files of the whole network. */
interface WebNetwork {
  /**
   * Opens the file with an id, a name or a path.
   * @param host - of the client
   * @throws ShoalError NOT_FOUND, AMBIGUOUS, USAGE, NO_TRACKER, BUSY, CANCELLED
   */
  open(what: string, host: string, signal: AbortSignal): Promise<NetworkFile>;
  /** Peers that have all of a content. Never rejects. */
  holders(content: FileId, signal: AbortSignal): Promise<readonly Address[]>;
}

/** Figures for the metrics. */
export interface WebFacts {
  /** Payload bytes since the start. */
  readonly sent: number;
  readonly received: number;
  readonly peers: number;
  readonly links: number;
  readonly trackers: number;
  readonly uploads: number;
  readonly downloads: readonly DownloadStatus[];
  readonly share: ShareStatus;
  readonly health: NetworkHealth;
}

/** The peer as the web sees it. */
export interface WebHost {
  readonly name: string;
  readonly port: number;
  readonly files: WebFiles;
  readonly drops: WebDrops;
  readonly network: WebNetwork;
  /** Runs a command as `shoal` does. Never rejects. */
  run(command: WebCommand, signal: AbortSignal): Promise<WebAnswer>;
  facts(): WebFacts;
  /** Whether a text is the name or the address of a peer that was seen. */
  knowsPeer(text: string): boolean;
  /** Reports news of the peer. @returns a function that unsubscribes */
  onNews(listener: (news: { readonly kind: string; readonly text: string }) => void): () => void;
}

/** The password for logins from other computers. */
export interface WebPasswords {
  /** Changes with the password. Undefined: none is set. */
  version(): Promise<string | undefined>;
  verify(password: string): Promise<boolean>;
}

/** Rights of HTTP clients: to read, or also to offer files. */
export type WebLevel = 'read' | 'drop';

export interface WebOptions {
  readonly host: WebHost;
  readonly links: ShareLinks;
  /** Only links are answered, and only over HTTPS. */
  readonly isPrivate: boolean;
  readonly level: WebLevel;
  readonly clock: Clock;
  readonly log: Log;
  /** Secret of a user of this computer; see Access/Sessions.ts. */
  readonly token: string;
  /** Codes that are exchanged for the token. */
  readonly codes: Pick<OneTimeCodes, 'redeem'>;
  readonly passwords: WebPasswords;
  /** Loads key and certificate for HTTPS, as PEM: when the first browser asks. */
  readonly identity: () => Promise<{ readonly key: string; readonly cert: string }>;
  /** Makes a secret that cannot be guessed. */
  readonly newSecret: () => string;
  /** Names of this computer that may stand in `Host`, besides IP addresses and localhost. Lower case. */
  readonly hostNames: readonly string[];
  /** Asks another peer over HTTP. Default: through node:http. */
  readonly get?: HttpGet;
  /** Folder of the page, as built. */
  readonly pageDir: string;
}
