import { AWAY_RETRY_MS } from '../../../../Protocol/Limits.ts';
import { BoundedMap } from '../../../../Shared/BoundedMap.ts';
import { type Address, formatAddress } from '../../../../Shared/Network/Address.ts';
import { backoffMs } from '../../../../Shared/Time/Backoff.ts';

/**
 * Backoff of an address at which no peer ever answered: 1 s, doubled up to 30 min. The address may be that of a
 * victim.
 */
const STRANGE_MS = 1_000;
const STRANGE_MAX_MS = 1_800_000;
/** Addresses that are remembered; the one that failed least recently is evicted. */
const ADDRESSES_MAX = 4_096;

interface Failures {
  readonly count: number;
  readonly untilMs: number;
  /** The last dial was accepted and not answered. */
  readonly isSilent: boolean;
}

/**
 * Limits dials by address, whatever peer ids are named for it: invented ids make nobody dial an address more often. An
 * address at which a peer answered before is dialled again sooner: programs are restarted.
 */
export class DialBackoff {
  readonly #failures = new BoundedMap<string, Failures>(ADDRESSES_MAX);
  /** Addresses at which a peer answered. */
  readonly #proven = new BoundedMap<string, true>(ADDRESSES_MAX);
  readonly #maxMs: number;

  /** @param maxMs - longest backoff of an address at which no peer ever answered */
  constructor(maxMs = STRANGE_MAX_MS) {
    this.#maxMs = maxMs;
  }

  /** Whether a peer answered at the address. */
  isProven(address: Address): boolean {
    return this.#proven.has(formatAddress(address));
  }

  /** Whether the last dial to the address failed, as far as that is remembered. */
  hasFailed(address: Address): boolean {
    return this.#failures.has(formatAddress(address));
  }

  /** Whether the last dial to the address was accepted and not answered. */
  isSilent(address: Address): boolean {
    return this.#failures.get(formatAddress(address))?.isSilent === true;
  }

  /** Milliseconds until the address may be dialled again; 0: now. */
  waitMs(address: Address, nowMs: number): number {
    return Math.max(0, (this.#failures.get(formatAddress(address))?.untilMs ?? 0) - nowMs);
  }

  /** Counts a failed dial. @param isSilent - it was accepted and not answered */
  failed(address: Address, nowMs: number, isSilent = false): void {
    const key = formatAddress(address);
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const delayMs = this.#proven.has(key)
      ? backoffMs(AWAY_RETRY_MS, count - 1)
      : Math.min(STRANGE_MS * 2 ** (count - 1), this.#maxMs);
    this.#failures.set(key, { count, untilMs: nowMs + delayMs, isSilent });
  }

  /** Counts a dial that a peer answered. @param expected - it is the peer that was meant; any other one is a failure */
  answered(address: Address, expected: boolean, nowMs: number): void {
    const key = formatAddress(address);
    this.#proven.set(key, true);
    if (expected) this.#failures.delete(key);
    else this.failed(address, nowMs);
  }

  /** Forgets all failures, after a change of the network. */
  reset(): void {
    this.#failures.clear();
  }
}
