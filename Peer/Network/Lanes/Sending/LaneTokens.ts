import type { PeerId } from '../../../../Protocol/Ids.ts';
import { LANE_TOKEN_MS } from '../../../../Protocol/Limits.ts';

/** Valid tokens of one peer; a further one invalidates the oldest. */
const TOKENS_PER_PEER_MAX = 4;

interface Grant {
  readonly peer: PeerId;
  readonly host: string;
  readonly untilMs: number;
}

/** One-time tokens that admit a lane: bound to a peer and the host of its link, valid for LANE_TOKEN_MS. */
export class LaneTokens {
  readonly #granted = new Map<string, Grant>();

  grant(token: string, peer: PeerId, host: string, nowMs: number): void {
    for (const [old, { untilMs }] of this.#granted) if (untilMs <= nowMs) this.#granted.delete(old);
    const own = [...this.#granted].filter(([, grant]) => grant.peer === peer);
    for (const [old] of own.slice(0, Math.max(0, own.length + 1 - TOKENS_PER_PEER_MAX)))
      this.#granted.delete(old);
    this.#granted.set(token, { peer, host, untilMs: nowMs + LANE_TOKEN_MS });
  }

  /** The owner of a token; undefined when the token is unknown, used, expired, or shown by another host. */
  redeem(token: string, host: string, nowMs: number): PeerId | undefined {
    const grant = this.#granted.get(token);
    if (grant?.host !== host) return undefined;
    this.#granted.delete(token);
    return grant.untilMs > nowMs ? grant.peer : undefined;
  }

  revoke(peer: PeerId): void {
    for (const [token, grant] of this.#granted) if (grant.peer === peer) this.#granted.delete(token);
  }
}
