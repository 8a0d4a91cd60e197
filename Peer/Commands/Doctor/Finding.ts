import type { DownloadStatus } from '../../DownloadModel.ts';
import type { PeerSummary, Self, TrackerStatus } from '../../Model.ts';
import type { DiscoveryStep, NetworkHealth } from '../../NetworkModel.ts';
import type { ShareStatus } from '../../ShareModel.ts';
import type { Measurements } from '../Ports.ts';

/** Stable names of the checks: programs and the translations of the page refer to them. */
export type CheckName =
  | 'share'
  | 'changes'
  | 'names'
  | 'hashing'
  | 'disk'
  | 'descriptors'
  | 'clock'
  | 'port'
  | 'tracker'
  | 'address'
  | DiscoveryStep['source']
  | 'mtu'
  | 'peers'
  | 'peer'
  | 'speed'
  | 'download';

/** One line of `doctor`: fine, or what to do. */
export interface Finding {
  readonly check: CheckName;
  readonly ok: boolean;
  /** Safe to print. */
  readonly text: string;
  /** The next step; null for a check that is fine. */
  readonly hint: string | null;
}

/** Input of the checks: facts known without a request, and measurements made for them. */
export interface DiagnosisFacts {
  readonly self: Pick<Self, 'port'>;
  readonly share: ShareStatus;
  readonly trackers: readonly TrackerStatus[];
  readonly discovery: readonly DiscoveryStep[];
  readonly peers: readonly PeerSummary[];
  readonly downloads: readonly DownloadStatus[];
  readonly health: NetworkHealth;
  readonly measured: Measurements;
}

export function fine(check: CheckName, text: string): Finding {
  return { check, ok: true, text, hint: null };
}

export function bad(check: CheckName, text: string, hint: string): Finding {
  return { check, ok: false, text, hint };
}
