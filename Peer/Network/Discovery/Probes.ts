import { encodeRequest } from '../../../Protocol/TrackerMessages.ts';
import { BoundedMap } from '../../../Shared/BoundedMap.ts';
import type { Address } from '../../../Shared/Network/Address.ts';
import type { Random } from '../../../Shared/Time/Clock.ts';
import type { DiscoverySource } from './DiscoveryReport.ts';

/** Validity of a probe. */
const PROBE_MS = 5_000;
/** Open probes; the oldest is dropped beyond this. */
const PROBES_MAX = 64;

interface Probe {
  readonly source: DiscoverySource;
  readonly mayAnswer: (from: Address) => boolean;
  readonly untilMs: number;
}

/** Pending `connect` probes, and which addresses may answer them. */
export class Probes {
  readonly #random: Random;
  readonly #open = new BoundedMap<number, Probe>(PROBES_MAX);

  constructor(random: Random) {
    this.#random = random;
  }

  /** Registers a probe; returns the datagram for all targets. */
  probe(source: DiscoverySource, targets: readonly Address[], nowMs: number): Uint8Array {
    // A host with several addresses may answer from another one than was asked; the random id proves the origin.
    const ports = new Set(targets.map(({ port }) => port));
    return this.#add({
      source,
      mayAnswer: ({ port }) => ports.has(port),
      untilMs: nowMs + PROBE_MS,
    });
  }

  /**
   * Registers a broadcast probe; returns its datagram.
   * @param mayAnswer - whether an address can have received it
   */
  broadcast(mayAnswer: (from: Address) => boolean, nowMs: number): Uint8Array {
    return this.#add({ source: 'broadcast', mayAnswer, untilMs: nowMs + PROBE_MS });
  }

  /** Source whose probe this answer matches; undefined: none. */
  match(transactionId: number, from: Address, nowMs: number): DiscoverySource | undefined {
    const probe = this.#open.get(transactionId);
    return probe !== undefined && nowMs <= probe.untilMs && probe.mayAnswer(from) ? probe.source : undefined;
  }

  #add(probe: Probe): Uint8Array {
    const id = 1 + Math.floor(this.#random() * (2 ** 32 - 1));
    this.#open.set(id, probe);
    return encodeRequest('', id, { type: 'connect' });
  }
}
