import type { PeerId } from '../../../Protocol/Ids.ts';
import { LANE_TOKEN_MS } from '../../../Protocol/Limits.ts';

/** Valid tokens of one peer; a further one invalidates the oldest. */
const TOKENS_PER_PEER_MAX = 4;

/** One-time tokens that admit a lane: bound to a peer, valid for LANE_TOKEN_MS. */
export class LaneTokens {
  readonly #granted = new Map<string, { readonly peer: PeerId; readonly untilMs: number }>();

  grant(token: string, peer: PeerId, nowMs: number): void {
    for (const [old, { untilMs }] of this.#granted) if (untilMs <= nowMs) this.#granted.delete(old);
    const own = [...this.#granted].filter(([, grant]) => grant.peer === peer);
    for (const [old] of own.slice(0, Math.max(0, own.length + 1 - TOKENS_PER_PEER_MAX)))
      this.#granted.delete(old);
    this.#granted.set(token, { peer, untilMs: nowMs + LANE_TOKEN_MS });
  }

  /** The owner of a token; undefined when the token is unknown, used or expired. */
  redeem(token: string, nowMs: number): PeerId | undefined {
    const grant = this.#granted.get(token);
    this.#granted.delete(token);
    return grant !== undefined && grant.untilMs > nowMs ? grant.peer : undefined;
  }

  revoke(peer: PeerId): void {
    for (const [token, grant] of this.#granted) if (grant.peer === peer) this.#granted.delete(token);
  }
}
