import { isLoopback } from '../../../../Shared/Network/Address.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';

/** Delay of a test after a link: an incoming link often makes it unnecessary. */
const TEST_AFTER_MS = 3_000;
/** Time after which a failed test may be repeated. */
const TEST_AGAIN_MS = 600_000;

/** A peer that may test whether it can dial us. */
export interface Tester {
  readonly dials: {
    readonly acceptsDialBack: boolean;
    /** Undefined: not tested. */
    test(): Promise<boolean | undefined>;
  };
  readonly link: {
    readonly dialledByUs: boolean;
    readonly isClosed: boolean;
    /** Set for a relayed link, which is no evidence. */
    readonly via: unknown;
    readonly remote: { readonly host: string };
    readonly localHost: string | undefined;
  };
}

/** Determines whether other computers can connect to this peer: from their links, else from one test by a linked peer. */
export class Reachability {
  readonly #clock: Clock;
  #reachable: boolean | undefined;
  #testedMs = Number.NEGATIVE_INFINITY;
  #cancelTest: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined: not known. */
  get reachable(): boolean | undefined {
    return this.#reachable;
  }

  /** Takes a new link as evidence, or as an opportunity for a test. */
  linked(peer: Tester): void {
    const { dialledByUs, remote, localHost, via } = peer.link;
    if (via !== undefined || isLoopback(remote.host) || remote.host === localHost) return;
    if (!dialledByUs) this.#reachable = true;
    else if (peer.dials.acceptsDialBack && this.#mayTest()) {
      this.#cancelTest ??= this.#clock.after(TEST_AFTER_MS, () => void this.#test(peer));
    }
  }

  /** Forgets the result after a change of the network. */
  reset(): void {
    this.close();
    this.#reachable = undefined;
    this.#testedMs = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.#cancelTest?.();
    this.#cancelTest = undefined;
  }

  #mayTest(): boolean {
    return this.#reachable !== true && this.#clock.nowMs() - this.#testedMs >= TEST_AGAIN_MS;
  }

  async #test(peer: Tester): Promise<void> {
    this.#cancelTest = undefined;
    if (!this.#mayTest() || peer.link.isClosed) return;
    const testedMs = this.#clock.nowMs();
    this.#testedMs = testedMs;
    const result = await peer.dials.test();
    // A change of the network meanwhile makes the result void.
    if (this.#testedMs !== testedMs) return;
    if (result === undefined) this.#testedMs = Number.NEGATIVE_INFINITY;
    else this.#reachable = result;
  }
}
