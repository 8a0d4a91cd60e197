import type { PeerId } from '../../Protocol/Ids.ts';
import { peerIdOf } from '../../Protocol/PeerKey.ts';
import { NO_TOKEN, proveWith } from '../../Protocol/PeerProof.ts';
import {
  decodeReply,
  encodeRequest,
  type ReplyOf,
  type TrackerReply,
  type TrackerRequest,
} from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import type { DatagramSocket } from '../../Shared/Network/Transport.ts';
import { hostOf, keyOf } from './Names.ts';
import { beatOf, INSTANCE, pagesOf } from './Publication.ts';

/** UDP port of all housed peers: datagrams to it stay in the process. */
const PORT = 20_000;

type Receive = (bytes: Uint8Array, from: Address) => void;

interface HousedPeer {
  readonly peerId: PeerId;
  readonly token: string;
  /** Time of the next heartbeat: the interval after the last answer. */
  dueMs: number;
}

/** Peers in the process of their tracker: their datagrams pass it as those of the network do, without a socket. */
export class HousedPeers {
  readonly #names: number;
  readonly #joined = new Map<number, HousedPeer>();
  #receive: Receive = () => {};
  #reply: TrackerReply | undefined;

  constructor({ names }: { readonly names: number }) {
    this.#names = names;
  }

  /** The socket of the tracker, with these peers at it. */
  around(socket: DatagramSocket): DatagramSocket {
    return {
      local: socket.local,
      send: (bytes, to) => {
        if (to.port === PORT) this.#reply = decodeReply(Buffer.from(bytes)).reply;
        else socket.send(bytes, to);
      },
      onMessage: (handler) => {
        this.#receive = handler;
        socket.onMessage(handler);
      },
      close: () => socket.close(),
    };
  }

  /** Registers a peer, and publishes its files. */
  join(peer: number, nowMs: number): void {
    const key = keyOf(peer);
    const me = { peerId: peerIdOf(key), instanceId: INSTANCE };
    const beat = { ...me, ...beatOf(peer, this.#names) };
    const connectionId = this.#connect(peer);
    const challenge = this.#ask(peer, connectionId, { ...beat, token: NO_TOKEN });
    if (challenge.type !== 'unproven') throw new Error(`a heartbeat was answered by ${challenge.type}`);
    const { trackerInstance } = challenge;
    const proof = proveWith(key)({ trackerInstance, connectionId, ...me, port: beat.port });
    const alive = this.#ask(peer, connectionId, { ...beat, token: NO_TOKEN, proof });
    if (alive.type !== 'alive' || alive.token === undefined)
      throw new Error(`a proof was answered by ${alive.type}`);
    const { token } = alive;
    const joined = { peerId: me.peerId, token, dueMs: nowMs + alive.intervalMs };
    this.#joined.set(peer, joined);
    this.#publish(peer, joined, connectionId, alive);
  }

  /** Sends the heartbeats that are due. A peer whose lease has ended publishes again. */
  beat(nowMs: number): void {
    for (const [peer, joined] of this.#joined) {
      if (nowMs < joined.dueMs) continue;
      const { peerId, token } = joined;
      const connectionId = this.#connect(peer);
      const beat = { peerId, token, instanceId: INSTANCE, ...beatOf(peer, this.#names) };
      const alive = this.#ask(peer, connectionId, beat);
      if (alive.type !== 'alive') throw new Error(`a heartbeat was answered by ${alive.type}`);
      joined.dueMs = nowMs + alive.intervalMs;
      this.#publish(peer, joined, connectionId, alive);
    }
  }

  /** Publishes the files that the tracker lacks. */
  #publish(
    peer: number,
    { peerId, token }: HousedPeer,
    connectionId: string,
    { heldVersion }: ReplyOf<'alive'>,
  ): void {
    if (heldVersion === beatOf(peer, this.#names).catalogVersion) return;
    for (const page of pagesOf(peer, this.#names)) {
      const reply = this.#ask(peer, connectionId, { peerId, instanceId: INSTANCE, token, ...page });
      if (reply.type !== 'published') throw new Error(`a page was answered by ${reply.type}`);
    }
  }

  #connect(peer: number): string {
    const connected = this.#ask(peer, '', { type: 'connect' });
    return connected.type === 'connected' ? connected.connectionId : '';
  }

  #ask(peer: number, connectionId: string, request: TrackerRequest): TrackerReply {
    this.#reply = undefined;
    this.#receive(encodeRequest(connectionId, 1, request), { host: hostOf(peer), port: PORT });
    const reply = this.#reply as TrackerReply | undefined;
    if (reply === undefined) throw new Error(`a request "${request.type}" has no reply`);
    return reply;
  }
}
