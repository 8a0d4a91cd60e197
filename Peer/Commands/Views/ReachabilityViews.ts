import { formatAddress } from '../../../Shared/Network/Address.ts';
import { openPortCommand } from '../../../Shared/Network/Firewall.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { LaneWay, LinkSummary } from '../../LinkModel.ts';
import type { PeerContact, PeerSummary } from '../../Model.ts';
import type { NetworkHealth, PortMappingStatus, RelayStatus } from '../../NetworkModel.ts';
import { formatBytes, formatRate, plural } from './HumanUnits.ts';

/** Whether others can connect to this peer, and how to change that. */
type ReachabilityFacts = Pick<NetworkHealth, 'reachable' | 'firewall'>;

/** Protection of every control link, and of every lane that is encrypted. */
export const LINK_SECURITY = 'TLS 1.3';

/** Whether others can connect, as one fact. */
export function reachableText({ reachable }: ReachabilityFacts): string {
  if (reachable === undefined) return 'not known yet: no other computer is linked';
  return reachable ? 'yes: others can connect' : 'no: others cannot connect';
}

/** The command that lets the TCP port of this peer through the firewall; undefined: no firewall program is known. */
export function openPort({ firewall }: ReachabilityFacts, port: number): string | undefined {
  return firewall && openPortCommand(firewall, port);
}

/** Hints for a peer that nobody can dial: whole lines, each command on a line of its own. Undefined: nothing. */
export function reachabilityAdvice(facts: ReachabilityFacts, port: number): string | undefined {
  if (facts.reachable !== false) return undefined;
  const command = openPort(facts, port);
  const firewall =
    command === undefined
      ? `Others cannot connect to TCP ${port} of this computer. Let it through the firewall.`
      : `Others cannot connect to TCP ${port} of this computer. Let it through the firewall:\n  ${command}`;
  return `${firewall}\nFiles still go both ways with every peer that can be reached.`;
}

/** The control link to a peer, in a cell of a table. */
export function linkText({ linked, link }: Pick<PeerSummary, 'linked' | 'link'>): string {
  if (link === undefined) return linked ? LINK_SECURITY : '';
  if (link.relayedBy !== undefined) return `${LINK_SECURITY}, by relay ${safeText(link.relayedBy)}`;
  return `${LINK_SECURITY}, ${link.dialledByUs ? 'we dialled' : 'it dialled'}`;
}

const WAYS: Readonly<Record<LaneWay, string>> = { 'by us': 'we dial', 'by them': 'it dials' };

/** Open lanes of a peer, in a cell of a table. */
export function lanesText(link: LinkSummary | undefined): string {
  const { receiving, sending } = link?.lanes ?? {};
  const ways = [
    ...(receiving === undefined ? [] : [`in: ${WAYS[receiving]}`]),
    ...(sending === undefined ? [] : [`out: ${WAYS[sending]}`]),
  ];
  if (ways.length === 0) return '';
  if (link?.relayedBy !== undefined) return `by relay (${LINK_SECURITY})`;
  return `${ways.join(', ')} (${link?.lanes.encrypted ? LINK_SECURITY : 'not encrypted'})`;
}

/** Name of a peer, or its address. */
export function peerName({ name, address }: PeerContact): string {
  return safeText(name === '' ? formatAddress(address) : name);
}

/** A peer by name, with the relay of its link. */
export function peerLabel({ name, relayedBy }: Pick<PeerContact, 'name' | 'relayedBy'>): string {
  return safeText(relayedBy === undefined ? name : `${name}, relayed by ${relayedBy}`);
}

/** Whether the router leads connections to this peer, as one fact. */
export function portMappingText(status: PortMappingStatus): string {
  if (status.state === 'asking') return 'is asked for a port';
  if (status.state === 'failed') return `no port: ${safeText(status.reason)}`;
  return `maps ${formatAddress(status.external)} to this peer (${status.by})`;
}

/** Connections and bytes that this peer relays, as one fact. */
export function relayText({ connections, bytes, bytesPerSecondMax }: RelayStatus): string {
  const now = connections === 0 ? 'no connection now' : `${plural(connections, 'connection')} now`;
  return `${now}, ${formatBytes(bytes)} since start, at most ${formatRate(bytesPerSecondMax)}`;
}

/** JSON of a control link: `lanes` has how chunks are sent now. */
export function linkItem(link: LinkSummary | undefined) {
  if (link === undefined) return null;
  const { receiving, sending, encrypted } = link.lanes;
  return {
    secured: LINK_SECURITY,
    dialledBy: link.dialledByUs ? 'this peer' : 'that peer',
    undialable: link.undialable,
    relayedBy: link.relayedBy ?? null,
    lanes: {
      secured: encrypted ? LINK_SECURITY : null,
      receiving: receiving ?? null,
      sending: sending ?? null,
    },
  };
}

/** JSON of the reachability of this peer. */
export function reachabilityItem(facts: ReachabilityFacts, port: number) {
  return {
    reachable: facts.reachable ?? null,
    firewall: facts.firewall?.kind ?? null,
    openPort: openPort(facts, port) ?? null,
  };
}
