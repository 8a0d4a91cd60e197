import { type InstanceId, startOf } from '../Protocol/Ids.ts';
import { INSTANCE_AHEAD_MAX_MS } from '../Protocol/Limits.ts';
import { isProven, type PeerProof } from '../Protocol/PeerProof.ts';
import type { RefusalReason, RequestOf } from '../Protocol/TrackerMessages.ts';
import type { Address } from '../Shared/Network/Address.ts';
import type { WallClock } from '../Shared/Time/Clock.ts';
import type { Sender } from './Lookups.ts';
import type { TrackerCounts } from './Metrics/TrackerStats.ts';
import type { HeartbeatOutcome, PeerRegistry } from './Peers/PeerRegistry.ts';
import type { PeerTokens } from './Peers/PeerTokens.ts';
import type { RateLimits } from './Peers/RateLimits.ts';
import type { RegisteredPeer } from './Peers/RegisteredPeer.ts';

/** Lower ports belong to services of the system: never handed out as a peer's. */
const PEER_PORT_MIN = 1_024;

export interface RegistrationsOptions {
  /** Of this tracker. */
  readonly instanceId: InstanceId;
  readonly registry: PeerRegistry;
  readonly tokens: PeerTokens;
  readonly limits: RateLimits;
  readonly counts: TrackerCounts;
  readonly wallClock: WallClock;
}

export type Admission =
  | HeartbeatOutcome
  /** Neither a valid token nor a proof: the sender has to prove its key. */
  | { readonly kind: 'unproven' };

/** Admits heartbeats: an entry of the registry is made, moved and replaced only by the holder of its key or token. */
export class Registrations {
  readonly #options: RegistrationsOptions;

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  /** Registers a peer or renews its lease, if its token or its proof is valid. */
  heartbeat(beat: RequestOf<'heartbeat'>, by: Sender, nowMs: number): Admission {
    const { from } = by;
    const { registry, tokens, wallClock } = this.#options;
    const { peerId, instanceId, token, proof, ...rest } = beat;
    if (beat.port < PEER_PORT_MIN) return refused('bad-request');
    if (startOf(instanceId) > wallClock() + INSTANCE_AHEAD_MAX_MS) return refused('clock-ahead');
    let validToken = token;
    if (!tokens.check(token, from, peerId, instanceId)) {
      if (proof === undefined) return { kind: 'unproven' };
      const fault = this.#faultOf(proof, beat, by, nowMs);
      if (fault !== undefined) return refused(fault);
      validToken = tokens.make(from, peerId, instanceId);
    }
    // Stored as the next heartbeat will be: an equal one takes the fast path.
    return registry.heartbeat({ ...rest, peerId, instanceId, token: validToken }, from, nowMs);
  }

  /** The registered peer in whose name a request speaks, if its token is valid. */
  owner(
    { peerId, instanceId, token }: RequestOf<'publish'> | RequestOf<'leave'>,
    from: Address,
  ): RegisteredPeer | RefusalReason {
    const peer = this.#options.registry.get(peerId);
    if (peer === undefined) return 'unknown-peer';
    if (peer.instanceId === instanceId && this.#isValid(token, from, peer)) return peer;
    return 'wrong-owner';
  }

  /** Whether an answer to a relayed query comes from the peer registered at its source address. */
  speaksFor(peer: RegisteredPeer, token: string, from: Address): boolean {
    return this.#isValid(token, from, peer);
  }

  #isValid(token: string, from: Address, { introduction }: RegisteredPeer): boolean {
    const { tokens, counts } = this.#options;
    if (tokens.check(token, from, introduction.peerId, introduction.instanceId)) return true;
    counts.forged++;
    return false;
  }

  /** Why a proof is not accepted; undefined: it is. */
  #faultOf(
    proof: PeerProof,
    { peerId, instanceId, port }: RequestOf<'heartbeat'>,
    { connectionId, from: { host } }: Sender,
    nowMs: number,
  ): RefusalReason | undefined {
    const { instanceId: trackerInstance, limits, counts } = this.#options;
    if (!limits.allowsProof(host, nowMs)) return 'too-many';
    if (isProven(proof, { trackerInstance, connectionId, peerId, instanceId, port })) return undefined;
    counts.forged++;
    limits.countWrongProof(host, nowMs);
    return 'bad-proof';
  }
}

function refused(reason: RefusalReason): Admission {
  return { kind: 'refused', reason };
}
