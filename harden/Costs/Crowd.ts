import type { FileId, InstanceId, PeerId } from '../../Protocol/Ids.ts';
import { NO_TOKEN } from '../../Protocol/PeerProof.ts';
import {
  CONNECT_ID,
  decodeReply,
  encodeRequest,
  type PublishedEntry,
  type TrackerRequest,
} from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import type { TrackerLogic } from '../../Tracker/TrackerLogic.ts';

/** Files of one peer. */
const FILES = 100;
const ENTRIES_PER_PAGE = 10;
/** Pages of names of up to 260 bytes. */
const LONG_ENTRIES_PER_PAGE = 3;
const WORDS = 20_000;
const EXTENSIONS = ['mp3', 'mkv', 'pdf', 'jpg'];

export function hex32(number: number): string {
  return number.toString(16).padStart(64, '0');
}

/** Peers of a large network, each at a host of its own, and a tracker's logic. */
export class Crowd {
  readonly #logic: TrackerLogic;
  readonly #random: SeededRandom;
  readonly #words: readonly string[];
  readonly #cookies = new Map<string, string>();
  files = 0;

  constructor(logic: TrackerLogic, seed: number) {
    this.#logic = logic;
    this.#random = new SeededRandom(seed);
    this.#words = Array.from({ length: WORDS }, () =>
      this.#random.hex(8).replace(/\d/g, 'g').slice(0, this.#random.int(2, 9)),
    );
  }

  addressOf(peer: number): Address {
    return { host: `10.${(peer >> 16) & 255}.${(peer >> 8) & 255}.${peer & 255}`, port: 40_000 };
  }

  /** The datagram of a request, with a valid connection id. */
  encode(request: TrackerRequest, from: Address, nowMs: number): Buffer {
    const key = `${from.host} ${from.port} ${Math.floor(nowMs / 60_000)}`;
    const cookie = this.#cookies.get(key) ?? this.#connect(from, nowMs);
    this.#cookies.set(key, cookie);
    // A peer proves its key once; the token that it gets for this is computed here.
    const token = (peerId: PeerId, instanceId: InstanceId) =>
      this.#logic.tokens.make(from, peerId, instanceId);
    return encodeRequest(
      cookie,
      1,
      'peerId' in request ? { ...request, token: token(request.peerId, request.instanceId) } : request,
    );
  }

  heartbeat(
    peer: number,
    change: Partial<Extract<TrackerRequest, { type: 'heartbeat' }>> = {},
  ): TrackerRequest {
    return {
      type: 'heartbeat',
      peerId: hex32(peer + 1) as PeerId,
      instanceId: '0000000000000001' as InstanceId,
      port: 9_001,
      name: `peer ${peer}`,
      catalogVersion: 1,
      files: FILES,
      bytes: 1_000_000,
      uploads: 0,
      token: NO_TOKEN,
      queryToken: '0011223344556677',
      unlisted: false,
      ...change,
    };
  }

  /** The pages of a peer's catalog. `longNameOf` has other names than the usual ones, of up to 260 bytes. */
  pages(peer: number, count = FILES, version = 1, longNameOf?: (at: number) => string): TrackerRequest[] {
    const nameOf = longNameOf ?? ((at: number) => this.nameOf(peer, at));
    const perPage = longNameOf === undefined ? ENTRIES_PER_PAGE : LONG_ENTRIES_PER_PAGE;
    const entries = Array.from(
      { length: count },
      (_, at): PublishedEntry => ({
        kind: 'file',
        path: nameOf(at),
        size: 1_000 + at,
        // Every tenth content has many holders.
        fileId: (at % 10 === 0 ? `aaaa${hex32(at).slice(4)}` : this.#random.hex(32)) as FileId,
        modifiedMs: 1_700_000_000_000 + at,
      }),
    );
    this.files += count;
    const pages = Math.ceil(count / perPage);
    return Array.from({ length: pages }, (_, page) => ({
      type: 'publish',
      peerId: hex32(peer + 1) as PeerId,
      instanceId: '0000000000000001' as InstanceId,
      token: NO_TOKEN,
      version,
      base: 0,
      page,
      pages,
      entries: entries.slice(page * perPage, (page + 1) * perPage),
    }));
  }

  /** Half of all is below Music/, and a quarter are mp3 files. */
  nameOf(_peer: number, at: number): string {
    const word = () => this.#random.pick(this.#words);
    const folder = at % 2 === 0 ? 'Music' : word();
    return `${folder}/${word()} ${word()} ${this.#random.int(0, 9_999)}.${EXTENSIONS[at % EXTENSIONS.length]}`;
  }

  /** A word of the usual names. */
  word(): string {
    return this.#random.pick(this.#words);
  }

  #connect(from: Address, nowMs: number): string {
    const datagrams = this.#logic.receive(encodeRequest(CONNECT_ID, 1, { type: 'connect' }), from, nowMs);
    const reply = datagrams
      .map(({ bytes }) => decodeReply(bytes).reply)
      .find(({ type }) => type === 'connected');
    if (reply?.type !== 'connected') throw new Error('the tracker gives no connection id');
    return reply.connectionId;
  }
}
