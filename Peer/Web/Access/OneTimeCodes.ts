import { BoundedMap } from '../../../Shared/BoundedMap.ts';
import { isLoopback } from '../../../Shared/Network/Address.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { secretKey } from './Sessions.ts';

/** Time in which a code is valid, in milliseconds: a browser starts meanwhile. */
const VALID_MS = 60_000;
/** Codes that are valid at once; the oldest ends. */
const CODES_MAX = 8;

export interface OneTimeCodesOptions {
  readonly clock: Clock;
  /** Makes a secret that cannot be guessed. */
  readonly newSecret: () => string;
}

/**
 * Codes for the address that a browser is opened with. Every user of the computer sees that address in the list of
 * processes: a code is valid once and for a minute, the token for the whole run.
 */
export class OneTimeCodes {
  readonly #options: OneTimeCodesOptions;
  /** End of validity by digest of the code. */
  readonly #codes = new BoundedMap<string, number>(CODES_MAX);

  constructor(options: OneTimeCodesOptions) {
    this.#options = options;
  }

  issue(): string {
    const { clock, newSecret } = this.#options;
    const code = newSecret();
    this.#codes.set(secretKey(code), clock.nowMs() + VALID_MS);
    return code;
  }

  /** Ends a code. @param host - of the client @returns whether it was valid, and the client is on this computer */
  redeem(code: string, host: string): boolean {
    const untilMs = this.#codes.get(secretKey(code));
    this.#codes.delete(secretKey(code));
    return isLoopback(host) && untilMs !== undefined && this.#options.clock.nowMs() < untilMs;
  }
}
