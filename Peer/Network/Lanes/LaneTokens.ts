import type { PeerId } from '../../../Protocol/Ids.ts';
import { LANE_TOKEN_MS } from '../../../Protocol/Limits.ts';

/** Tokens of one peer that wait to be shown; more make the oldest void. */
const TOKENS_PER_PEER_MAX = 4;

/** One-time words that let a peer's lane in: bound to the peer, valid for 10 s. */
export class LaneTokens {
  readonly #granted = new Map<string, { readonly peer: PeerId; readonly untilMs: number }>();

  grant(token: string, peer: PeerId, nowMs: number): void {
    for (const [old, { untilMs }] of this.#granted) if (untilMs <= nowMs) this.#granted.delete(old);
    const own = [...this.#granted].filter(([, grant]) => grant.peer === peer);
    for (const [old] of own.slice(0, Math.max(0, own.length + 1 - TOKENS_PER_PEER_MAX)))
      this.#granted.delete(old);
    this.#granted.set(token, { peer, untilMs: nowMs + LANE_TOKEN_MS });
  }

  /** Whose token it is; undefined: nobody's, used already, or too old. */
  redeem(token: string, nowMs: number): PeerId | undefined {
    const grant = this.#granted.get(token);
    this.#granted.delete(token);
    return grant !== undefined && grant.untilMs > nowMs ? grant.peer : undefined;
  }

  revoke(peer: PeerId): void {
    for (const [token, grant] of this.#granted) if (grant.peer === peer) this.#granted.delete(token);
  }
}
