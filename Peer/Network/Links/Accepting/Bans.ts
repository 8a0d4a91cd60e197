import type { PeerId } from '../../../../Protocol/Ids.ts';
import { BAN_MS } from '../../../../Protocol/Limits.ts';
import { isLoopback } from '../../../../Shared/Address.ts';

const BANS_MAX = 10_000;

/** Peers and hosts banned for an hour. Loopback hosts are exempt, because other peers share them. */
export class Bans {
  readonly #until = new Map<string, number>();

  ban(peerId: PeerId, host: string, nowMs: number): void {
    for (const [who, untilMs] of this.#until) {
      if (untilMs <= nowMs || this.#until.size > BANS_MAX) this.#until.delete(who);
    }
    this.#until.set(peerId, nowMs + BAN_MS);
    if (!isLoopback(host)) this.#until.set(host, nowMs + BAN_MS);
  }

  /** @param who - a peer id or a host */
  has(who: string, nowMs: number): boolean {
    return (this.#until.get(who) ?? 0) > nowMs;
  }
}
