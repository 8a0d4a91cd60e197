import { CLUSTER_MEMBERS_MAX } from '../../../Protocol/Limits.ts';
import { BoundedMap } from '../../../Shared/BoundedMap.ts';
import {
  type Address,
  formatAddress,
  isDialable,
  isLoopback,
  withZoneOf,
} from '../../../Shared/Network/Address.ts';
import type { TrackerStatus } from '../../Model.ts';

/** Clusters that are remembered. */
const CLUSTERS_MAX = 8;

/** A tracker of a cluster that is not in use. */
export interface Spare {
  readonly address: Address;
  readonly foundBy: TrackerStatus['foundBy'];
}

/** Trackers of clusters that were used before, or are named by others of the same cluster. Their names are claims. */
export class ClusterSpares {
  /** By cluster, by address. */
  readonly #known = new BoundedMap<string, Map<string, Spare>>(CLUSTERS_MAX);

  /** Takes an answer of a tracker of the cluster. Trackers that it no longer names are dropped. */
  named(cluster: string, trackers: readonly Address[], from: Address): void {
    const known = this.#known.useOr(cluster, () => new Map());
    for (const [key, { foundBy }] of known) if (foundBy === 'cluster') known.delete(key);
    for (const { host, port } of trackers) {
      const address = { host: withZoneOf(host, from.host), port };
      const isElsewhere = isLoopback(host) && !isLoopback(from.host);
      if (isDialable(address) && !isElsewhere) this.#add(known, { address, foundBy: 'cluster' });
    }
  }

  /** Keeps a tracker that was used. */
  used(cluster: string, spare: Spare): void {
    this.#add(
      this.#known.useOr(cluster, () => new Map()),
      spare,
    );
  }

  of(cluster: string): readonly Spare[] {
    return [...(this.#known.get(cluster)?.values() ?? [])];
  }

  /** Whether an address is that of a spare. */
  has(address: Address): boolean {
    const key = formatAddress(address);
    return [...this.#known.values()].some((spares) => spares.has(key));
  }

  #add(known: Map<string, Spare>, spare: Spare): void {
    const key = formatAddress(spare.address);
    const before = known.get(key);
    // A configured tracker stays configured, even if another one names it.
    if (before !== undefined && before.foundBy !== 'cluster') return;
    if (before !== undefined || known.size < CLUSTER_MEMBERS_MAX) known.set(key, spare);
  }
}
