import type { Address } from '../../../Shared/Network/Address.ts';
import type { TrackerStatus } from '../../Model.ts';
import type { TrackerLink } from './Session/TrackerLink.ts';

/** A tracker this peer keeps a session with. */
export interface PooledTracker {
  readonly link: TrackerLink;
  readonly foundBy: TrackerStatus['foundBy'];
  /** The tracker has answered at least one heartbeat. */
  everConnected: boolean;
  /** Address of its successor, once the tracker announced that it is closing. */
  successor: string | undefined;
  lostMs: number | undefined;
  connectedMs: number;
}

export function statusOf(
  tracker: PooledTracker,
  spares: readonly Address[],
  version: number,
  nowMs: number,
): TrackerStatus {
  const { link, foundBy } = tracker;
  const { heldVersion, standing, asksByRelay } = link.session;
  const { state, instanceId, alive, aliveMs, reason } = standing;
  return {
    address: link.address,
    foundBy,
    state,
    instanceId,
    observed: alive?.observed,
    lastAnswerAgoMs: alive === undefined ? undefined : nowMs - aliveMs,
    intervalMs: alive?.intervalMs,
    peers: alive?.peers,
    heldVersion,
    version: asksByRelay ? 0 : version,
    asksByRelay,
    cluster: alive?.cluster === undefined ? undefined : { name: alive.cluster, spares },
    reason: state === 'connected' ? undefined : (reason ?? 'waiting for its first reply'),
  };
}
