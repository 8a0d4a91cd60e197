import { expect, test } from 'vitest';
import {
  lanesText,
  linkItem,
  linkText,
  peerLabel,
} from '../../../../Peer/Commands/Views/ReachabilityViews.ts';
import { statusText, whoamiText } from '../../../../Peer/Commands/Views/StatusViews.ts';
import { makePaint } from '../../../../Peer/Commands/Views/ViewStyle.ts';
import type { LinkSummary } from '../../../../Peer/LinkModel.ts';
import type { NetworkHealth } from '../../../../Peer/NetworkModel.ts';
import { FakeControls } from '../FakeControls.ts';

const style = { width: 80, paint: makePaint(false), rowsMax: Number.POSITIVE_INFINITY };
const controls = new FakeControls();

function texts(change: Partial<NetworkHealth>): string[] {
  const { self, privateNetwork } = controls;
  const health = { ...controls.health, ...change };
  const facts = { self, privateNetwork, host: '10.0.0.7', health };
  const status = {
    ...facts,
    trackers: [],
    clusters: [],
    share: controls.share(),
    peers: [],
    downloads: { active: 0, done: 0, other: 0 },
    uploads: [],
    limits: controls.limits.status(),
    totals: controls.totals(),
  };
  return [whoamiText(facts, style), statusText(status, style)];
}

test('a peer that nobody can dial names the command of its firewall, whole on a narrow terminal too', () => {
  const firewall = { kind: 'firewalld', program: '/usr/bin/node' } as const;
  for (const text of texts({ reachable: false, firewall })) {
    expect(text).toMatch(/^Reachable +no: others cannot connect$/m);
    expect(text).toMatch(/^ {2}sudo firewall-cmd --permanent --add-port=9001\/tcp && .*--reload$/m);
  }
});

test('without a known firewall program the port is named; a reachable or unknown one gets no advice', () => {
  for (const text of texts({ reachable: false })) expect(text).toContain('Others cannot connect to TCP 9001');
  for (const reachable of [true, undefined])
    for (const text of texts({ reachable })) expect(text).not.toContain('Let it through');
});

test('a link says who dialled, how lanes run, and how both are secured', () => {
  const link: LinkSummary = {
    dialledByUs: false,
    undialable: true,
    relayedBy: undefined,
    lanes: { encrypted: false, receiving: 'by them', sending: 'by us' },
  };
  expect(linkText({ linked: true, link })).toBe('TLS 1.3, it dialled');
  expect(lanesText(link)).toBe('in: it dials, out: we dial (not encrypted)');
  expect(linkItem(link)).toEqual({
    secured: 'TLS 1.3',
    dialledBy: 'that peer',
    undialable: true,
    relayedBy: null,
    lanes: { secured: null, receiving: 'by them', sending: 'by us' },
  });
  const idle = { ...link, lanes: { encrypted: true, receiving: undefined, sending: undefined } };
  expect([lanesText(idle), lanesText(undefined), linkText({ linked: false })]).toEqual(['', '', '']);
  expect(linkItem(idle)?.lanes).toEqual({ secured: 'TLS 1.3', receiving: null, sending: null });
  expect(linkItem(undefined)).toBeNull();
});

test('a relayed link names its relay, printable, in peers, uploads and downloads', () => {
  const link: LinkSummary = {
    dialledByUs: true,
    undialable: false,
    relayedBy: 'ri\u001bta',
    lanes: { encrypted: true, receiving: 'by us', sending: undefined },
  };
  expect(linkText({ linked: true, link })).toMatch(/^TLS 1\.3, by relay ri.+ta$/);
  expect(linkText({ linked: true, link })).not.toContain('\u001b');
  expect(lanesText(link)).toBe('by relay (TLS 1.3)');
  expect(linkItem(link)).toMatchObject({ relayedBy: link.relayedBy, lanes: { secured: 'TLS 1.3' } });
  expect(peerLabel({ name: 'anna', relayedBy: 'rita' })).toBe('anna, relayed by rita');
  expect(peerLabel({ name: 'anna' })).toBe('anna');
});

test('a relaying peer says what it relays', () => {
  const [, status] = texts({ relay: { connections: 2, bytes: 3_000_000, bytesPerSecondMax: 4_000_000 } });
  expect(status).toMatch(/^Relay +2 connections now, 3\.0 MB since start, at most 4\.0 MB\/s$/m);
  expect(texts({})[1]).not.toMatch(/^Relay /m);
});
