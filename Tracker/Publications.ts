import type { RefusalReason, RequestOf, TrackerReply } from '../Protocol/TrackerMessages.ts';
import type { Address } from '../Shared/Network/Address.ts';
import type { CatalogAssembly } from './Catalog/CatalogAssembly.ts';
import type { CatalogIndex } from './Catalog/CatalogIndex.ts';
import type { PeerRegistry } from './Peers/PeerRegistry.ts';
import { labelOf } from './Peers/RegisteredPeer.ts';
import type { OwnPart } from './Questions/OwnPart.ts';
import type { Registrations } from './Registrations.ts';

/** Entries in the index on account of one host, loopback exempt: a tenth of all. */
const ENTRIES_PER_HOST_MAX = 500_000;

export interface PublicationsOptions {
  readonly registrations: Registrations;
  readonly registry: PeerRegistry;
  readonly catalogs: CatalogIndex;
  readonly assembly: CatalogAssembly;
  readonly own: OwnPart;
  /** Holds no catalogs. */
  readonly relayOnly: boolean;
  readonly note: ((text: string) => void) | undefined;
}

/** Takes the catalogs of registered peers, page by page. */
export class Publications {
  readonly #options: PublicationsOptions;

  constructor(options: PublicationsOptions) {
    this.#options = options;
  }

  take(request: RequestOf<'publish'>, from: Address): TrackerReply | RefusalReason {
    const { registrations, assembly, own, relayOnly, note } = this.#options;
    const peer = registrations.owner(request, from);
    if (typeof peer === 'string') return peer;
    const { version, page } = request;
    // Acknowledged to stop retransmission, but not held. A peer that reads `relayOnly` publishes nothing.
    if (relayOnly) return { type: 'published', version, page, heldVersion: 0 };
    if (!peer.isLocal && !this.#hasRoom(from.host, request.entries.length)) return 'full';
    const before = assembly.held(peer.slot);
    const outcome = assembly.page(peer.slot, request);
    if (assembly.held(peer.slot) !== before) own.updated(peer);
    if (outcome.kind === 'refused') return outcome.reason;
    note?.(`catalog ${version}, page ${page + 1}/${request.pages}: ${labelOf(peer)}: ${outcome.kind}`);
    return { type: 'published', version, page, heldVersion: outcome.held };
  }

  #hasRoom(host: string, entries: number): boolean {
    const { registry, catalogs } = this.#options;
    let total = entries;
    for (const slot of registry.slotsAt(host)) total += catalogs.count(slot);
    return total <= ENTRIES_PER_HOST_MAX;
  }
}
