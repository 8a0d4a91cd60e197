import { formatAddress, formatNamed, isLoopback } from '../../../Shared/Network/Address.ts';
import { isLinkLocal } from '../../../Shared/Network/UsableAddresses.ts';
import type { CommandForm } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { TrackerStatus } from '../../Model.ts';
import type { DiscoveryStep } from '../../NetworkModel.ts';
import type { Card } from '../Ports.ts';
import { openPort } from '../Views/ReachabilityViews.ts';
import { bad, type DiagnosisFacts, type Finding, fine } from './Finding.ts';

const IS_IT_UP =
  'Does it run there, and does its firewall accept its UDP port? Its first line is its address.';

/** Hints for a discovery source that found no tracker, if no other one did. */
const HINTS: Readonly<Partial<Record<DiscoveryStep['source'], string>>> = {
  configured: IS_IT_UP,
  broadcast: 'Guest networks and routers drop broadcasts. Name the tracker: --tracker HOST',
  'dns-sd': 'Name the tracker instead: --tracker HOST',
};

/** Checks of port, trackers, discovery and peers. */
export function networkChecks(facts: DiagnosisFacts, command: CommandForm): readonly Finding[] {
  return [
    portCheck(facts),
    trackerCheck(facts, command),
    ...addressChecks(facts),
    ...discoveryChecks(facts),
    peerCheck(facts),
  ];
}

function portCheck({ self: { port }, health }: DiagnosisFacts): Finding {
  const { reachable } = health;
  if (reachable === true) return fine('port', `TCP ${port}: other computers connect to it`);
  if (reachable === undefined)
    return fine('port', `TCP ${port} is open here; no other computer has tried to connect yet`);
  return bad(
    'port',
    `other computers cannot connect to TCP ${port} of this one; only peers that others can reach exchange files with it`,
    `Let it through the firewall: ${openPort(health, port) ?? `TCP ${port}`}`,
  );
}

function trackerCheck(facts: DiagnosisFacts, command: CommandForm): Finding {
  const connected = connectedOf(facts);
  if (connected.length > 0) return fine('tracker', `connected to ${connected.map(placeOf).join(', ')}`);
  const isNamed = facts.trackers.some(({ foundBy }) => foundBy === 'configured');
  if (!isNamed && facts.peers.some(({ linked }) => linked))
    return fine('tracker', 'none; linked peers answer searches instead');
  const reason = facts.trackers.find((each) => each.reason !== undefined)?.reason;
  const text = reason === undefined ? 'none answers' : `none answers: ${safeText(reason)}`;
  const byHand = `Name one: --tracker HOST. Or link to a peer: ${command('connect <host:port>')}`;
  return bad('tracker', text, isNamed ? IS_IT_UP : byHand);
}

/**
 * Whether others can use the address by which this peer reaches a tracker, and whether the tracker sees this
 * computer.
 */
function addressChecks(facts: DiagnosisFacts): readonly Finding[] {
  const { cards } = facts.measured;
  const own = new Map(cards.map((card) => [card.host, card]));
  return connectedOf(facts).map((tracker) => {
    const { address, observed } = tracker;
    const place = placeOf(tracker);
    const card = own.get(address.host);
    if (isLoopback(address.host) || card?.virtual === true) return ownTrackerCheck(tracker, cards, card);
    if (card !== undefined) return fine('address', `the tracker ${place} runs on this computer`);
    if (observed === undefined || own.has(observed.host) || isLoopback(observed.host))
      return fine('address', `the tracker ${place} sees this computer by its own address`);
    const seen = safeText(observed.host);
    return fine(
      'address',
      `the tracker ${place} sees this computer as ${seen}, which is none of its addresses: a router translates between`,
    );
  });
}

/** A tracker of this computer at an address that other computers cannot use. */
function ownTrackerCheck(
  { address }: TrackerStatus,
  cards: readonly Card[],
  card: Card | undefined,
): Finding {
  const place = formatAddress(address);
  const real = cards.filter(({ virtual, host }) => !virtual && !isLoopback(host));
  const usable = real.find(({ host }) => !isLinkLocal(host)) ?? real[0];
  if (usable === undefined) {
    const text = `the tracker ${place} is for this computer only, which has no other address`;
    return bad('address', text, 'Connect this computer to a network.');
  }
  const others = formatAddress({ host: usable.host, port: address.port });
  if (card === undefined)
    return fine('address', `the tracker runs on this computer; others use ${others}, if it listens there`);
  const text = `the tracker ${place} belongs to ${safeText(card.name)}, which other computers do not reach`;
  return bad('address', text, `Give others this address: ${others}`);
}

function discoveryChecks(facts: DiagnosisFacts): readonly Finding[] {
  const needed = connectedOf(facts).length === 0 && !facts.peers.some(({ linked }) => linked);
  return facts.discovery.map(({ source, text, outcome }) => {
    const hint = HINTS[source];
    const shown = safeText(text);
    return needed && outcome === 'failed' && hint !== undefined
      ? bad(source, shown, hint)
      : fine(source, shown);
  });
}

function peerCheck({ peers }: DiagnosisFacts): Finding {
  const linked = peers.filter((peer) => peer.linked).length;
  return fine(
    'peers',
    peers.length === 0 ? 'no other peer is known yet' : `${peers.length} known, ${linked} linked`,
  );
}

function connectedOf({ trackers }: DiagnosisFacts): readonly TrackerStatus[] {
  return trackers.filter(({ state }) => state === 'connected');
}

function placeOf({ address, name }: TrackerStatus): string {
  return safeText(formatNamed({ ...address, name }));
}
