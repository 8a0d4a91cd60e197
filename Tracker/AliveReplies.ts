import type { InstanceId } from '../Protocol/Ids.ts';
import { encodeReply, type ReplyOf } from '../Protocol/TrackerMessages.ts';
import { type Address, isLoopback } from '../Shared/Network/Address.ts';
import type { Cluster } from './Cluster/Cluster.ts';
import type { PeerRegistry } from './Peers/PeerRegistry.ts';
import type { RegisteredPeer } from './Peers/RegisteredPeer.ts';
import type { Datagram } from './Questions/OwnPart.ts';

export interface AliveRepliesOptions {
  /** Of this tracker. */
  readonly instanceId: InstanceId;
  readonly registry: PeerRegistry;
  /** The complete catalog version held of a peer; 0: none. */
  readonly heldVersion: (peer: RegisteredPeer) => number;
  readonly cluster: Cluster | undefined;
  readonly relayOnly: boolean;
}

/** Answers to heartbeats, and the successor that they name when this tracker closes. */
export class AliveReplies {
  readonly #options: AliveRepliesOptions;
  #successor: Address | undefined;

  constructor(options: AliveRepliesOptions) {
    this.#options = options;
  }

  of(peer: RegisteredPeer, from: Address): ReplyOf<'alive'> {
    const { instanceId, registry, heldVersion, cluster, relayOnly } = this.#options;
    return {
      type: 'alive',
      trackerInstance: instanceId,
      intervalMs: registry.intervalMs(),
      observed: { host: from.host, port: peer.port },
      heldVersion: heldVersion(peer),
      peers: cluster?.peers ?? registry.size,
      successor: this.#successor,
      relayOnly,
      cluster: cluster?.name,
      trackers: cluster?.trackersFor(peer.isLocal),
    };
  }

  /**
   * Refers all peers to another tracker, now and in every answer to a heartbeat, before this one closes.
   * A loopback address means this host.
   */
  announceSuccessor(successor: Address): Datagram[] {
    this.#successor = successor;
    const { instanceId, registry } = this.#options;
    const onTrackerHost = isLoopback(successor.host);
    const moved = { type: 'moved', trackerInstance: instanceId, successor, onTrackerHost } as const;
    return Array.from(registry.startingAt(0), ({ udp, beat: { queryToken } }) => ({
      bytes: encodeReply(0, { ...moved, queryToken }),
      to: udp,
    }));
  }
}
