import type { PeerId } from '../../../../Protocol/Ids.ts';
import { BAN_MS } from '../../../../Protocol/Limits.ts';
import { isLoopback } from '../../../../Shared/Network/Address.ts';

const BANS_MAX = 10_000;

/** Peers and hosts banned for an hour. Loopback hosts are exempt, because other peers share them. */
export class Bans {
  readonly #until = new Map<string, number>();

  ban(peerId: PeerId, host: string, nowMs: number): void {
    for (const who of isLoopback(host) ? [peerId] : [peerId, host]) {
      // Keeps the map ordered by expiry.
      this.#until.delete(who);
      this.#until.set(who, nowMs + BAN_MS);
    }
    for (const [who, untilMs] of this.#until) {
      if (untilMs > nowMs && this.#until.size <= BANS_MAX) break;
      this.#until.delete(who);
    }
  }

  /** @param who - peer id or host */
  has(who: string, nowMs: number): boolean {
    return (this.#until.get(who) ?? 0) > nowMs;
  }
}
