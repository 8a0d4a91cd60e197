import { expect, test } from 'vitest';
import { Discovery, type DiscoveryAction } from '../../../../Peer/Network/Discovery/Discovery.ts';
import { Probes } from '../../../../Peer/Network/Discovery/Probes.ts';
import { ByteReader } from '../../../../Protocol/Codec.ts';
import { decodeRequestHeader } from '../../../../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';

type Timed = DiscoveryAction & { readonly atMs: number };

/** Discovery with a manual clock. */
class Climb {
  readonly discovery: Discovery;
  readonly actions: Timed[] = [];
  nowMs = 1_000;

  constructor(seed = 1) {
    const isOurs = (host: string) => host === '127.0.0.1' || host === '10.0.0.5';
    this.discovery = new Discovery({ random: new SeededRandom(seed).next, isOurs });
  }

  tell(event: (discovery: Discovery, nowMs: number) => void): this {
    event(this.discovery, this.nowMs);
    this.actions.push(...this.discovery.takeActions().map((action) => ({ ...action, atMs: this.nowMs })));
    return this;
  }

  runTo(untilMs: number): this {
    for (let steps = 0; this.discovery.nextMs <= untilMs; steps++) {
      if (steps > 1_000) throw new Error('discovery requests endless ticks');
      this.nowMs = Math.max(this.nowMs, this.discovery.nextMs);
      this.tell((discovery, nowMs) => discovery.tick(nowMs));
    }
    this.nowMs = untilMs;
    return this;
  }

  times(kind: DiscoveryAction['kind']): number[] {
    return this.actions.filter((action) => action.kind === kind).map(({ atMs }) => atMs);
  }
}

const start = () => (discovery: Discovery, nowMs: number) => discovery.start([], nowMs);
const answer =
  (host: string, port = 6_881) =>
  (discovery: Discovery, nowMs: number) =>
    discovery.answered('broadcast', { host, port }, nowMs);

test('rounds at 0, 0.5, 2, 4 s, then every 30 s; embedding after 2.5 to 4.5 s, with an extra round before', () => {
  const embedded: number[] = [];
  for (const seed of seeds(50)) {
    const climb = new Climb(seed).tell(start()).runTo(100_000);
    const [embedMs = 0] = climb.times('embed');
    embedded.push(embedMs - 1_000);
    const rounds = climb.times('broadcast').filter((ms) => ms !== embedMs - 60);
    expect(rounds).toEqual([1_000, 1_500, 3_000, 5_000, 35_000, 65_000, 95_000]);
    expect(climb.times('broadcast')).toContain(embedMs - 60);
    expect(climb.times('embed')).toHaveLength(1);
  }
  expect(Math.min(...embedded)).toBeGreaterThanOrEqual(2_500);
  expect(Math.max(...embedded)).toBeLessThanOrEqual(4_500);
  expect(Math.max(...embedded) - Math.min(...embedded)).toBeGreaterThan(1_500);
});

test('a candidate delays embedding until its heartbeat could be answered, not forever', () => {
  const climb = new Climb().tell(start()).runTo(3_400).tell(answer('10.0.0.9')).runTo(3_500);
  expect(climb.times('open')).toEqual([3_460]);
  climb.runTo(20_000);
  const [embedMs = 0] = climb.times('embed');
  expect(embedMs).toBeGreaterThanOrEqual(3_460 + 1_500);
  expect(embedMs).toBeLessThanOrEqual(6_000);
  const found = new Climb()
    .tell(start())
    .runTo(3_400)
    .tell((discovery) => discovery.connected());
  expect(found.runTo(60_000).times('embed')).toEqual([]);
});

test('a tracker on this host that answers at two addresses is opened at the routable one', () => {
  const climb = new Climb().tell(start());
  climb
    .tell(answer('127.0.0.1'))
    .tell(answer('10.0.0.5'))
    .tell(answer('10.0.0.5', 6_882))
    .tell(answer('127.0.0.1', 6_883));
  climb.tell(answer('10.0.0.9')).runTo(1_100);
  const opened = climb.actions.flatMap((action) => (action.kind === 'open' ? [action.address] : []));
  expect(opened.map(({ host, port }) => `${host}:${port}`)).toEqual([
    '10.0.0.5:6881',
    '10.0.0.5:6882',
    '127.0.0.1:6883',
    '10.0.0.9:6881',
  ]);
});

test('after the loss of all trackers, embedding starts 2.5 s after the silence began, or later', () => {
  for (const seed of seeds(20)) {
    const climb = new Climb(seed)
      .tell(start())
      .tell((discovery) => discovery.connected())
      .runTo(50_000);
    climb.tell((discovery, nowMs) => discovery.suspected(nowMs)).runTo(52_000);
    expect(climb.times('broadcast').filter((ms) => ms >= 50_000)).toEqual([50_000, 50_500, 52_000]);
    climb.tell((discovery, nowMs) => discovery.allLost(49_500, nowMs)).runTo(60_000);
    const [embedMs = 0] = climb.times('embed');
    expect(embedMs).toBeGreaterThanOrEqual(52_000);
    expect(embedMs).toBeLessThanOrEqual(54_000);
  }
});

test('the named successor embeds at once; other peers probe it first', () => {
  const named = new Climb()
    .tell(start())
    .tell((discovery) => discovery.connected())
    .runTo(50_000);
  named.tell((discovery, nowMs) => discovery.moved({ host: '10.0.0.5', port: 9_001 }, true, nowMs));
  expect(named.times('embed')).toEqual([50_000]);
  const other = new Climb()
    .tell(start())
    .tell((discovery) => discovery.connected())
    .runTo(50_000);
  other.tell((discovery, nowMs) => discovery.moved({ host: '10.0.0.9', port: 9_001 }, false, nowMs));
  const asked = other.actions.flatMap((action) =>
    action.kind === 'probe' && action.source === 'successor' ? action.targets : [],
  );
  expect(asked).toHaveLength(10);
  expect(asked).toContainEqual({ host: '10.0.0.9', port: 6_881 });
  expect(asked).toContainEqual({ host: '10.0.0.9', port: 9_001 });
  other.runTo(60_000);
  expect(other.times('embed')[0]).toBeGreaterThanOrEqual(52_500);
});

test('each port in use is tried twice, then the next; after the last one, again after 30 s', () => {
  const climb = new Climb().tell(start());
  const ports: number[] = [];
  for (let tries = 0; tries < 19; tries++) {
    const before = climb.times('embed').length;
    while (climb.times('embed').length === before) climb.runTo(climb.nowMs + 100);
    const last = climb.actions.findLast(({ kind }) => kind === 'embed');
    if (last?.kind === 'embed') ports.push(last.port);
    climb.tell((discovery, nowMs) => discovery.embedFailed(true, nowMs));
  }
  const twice = Array.from({ length: 9 }, (_, index) => [6_881 + index, 6_881 + index]).flat();
  expect(ports).toEqual([...twice, 6_881]);
  const times = climb.times('embed');
  expect((times[18] ?? 0) - (times[17] ?? 0)).toBeGreaterThanOrEqual(29_000);
});

test('answers of the own embedded tracker are ignored', () => {
  const climb = new Climb().tell(start()).runTo(6_000);
  climb.tell((discovery, nowMs) => discovery.embedded(6_881, nowMs));
  climb.tell(answer('10.0.0.5')).tell(answer('127.0.0.1')).runTo(7_000);
  expect(climb.times('open')).toEqual([]);
  expect(climb.discovery.report.steps().map(({ outcome }) => outcome)).not.toContain('answered');
  climb
    .tell((discovery) => discovery.retired())
    .tell(answer('10.0.0.5'))
    .runTo(8_000);
  expect(climb.times('open')).toHaveLength(1);
});

test('a flood of answers opens few sessions, and few of them are reported', () => {
  const climb = new Climb().tell(start());
  for (let host = 0; host < 250; host++) climb.tell(answer(`10.0.1.${host}`));
  climb.runTo(1_200);
  expect(climb.times('open')).toHaveLength(32);
  const answered = climb.discovery.report.steps().find(({ source }) => source === 'broadcast');
  expect(answered?.text.split(', ')).toHaveLength(16);
  expect(answered?.text).toContain('10.0.1.249:6881');
});

test('a probe accepts answers from its targets, with its id, in time', () => {
  const probes = new Probes(new SeededRandom(1).next);
  const asked = { host: '10.0.0.9', port: 6_881 };
  const idOf = (bytes: Uint8Array) => decodeRequestHeader(new ByteReader(bytes)).transactionId;
  const one = idOf(probes.probe('remembered', [asked], 0));
  const other = idOf(probes.broadcast(({ host }) => host.startsWith('10.0.0.'), 0));
  expect(probes.match(one, asked, 100)).toBe('remembered');
  expect(probes.match(one, { ...asked, port: 6_882 }, 100)).toBeUndefined();
  expect(probes.match(one ^ 1, asked, 100)).toBeUndefined();
  expect(probes.match(other, asked, 100)).toBe('broadcast');
  expect(probes.match(other, { host: '10.9.0.9', port: 6_881 }, 100)).toBeUndefined();
  expect(probes.match(one, asked, 5_001)).toBeUndefined();
});

test('at most 16 remembered trackers are probed, and no address that cannot be dialled', () => {
  const broken = ['0.0.0.0', '224.0.0.1', '255.255.255.255'].map((host) => ({ host, port: 6_881 }));
  const remembered = Array.from({ length: 40 }, (_, index) => ({ host: `10.0.2.${index}`, port: 6_881 }));
  const climb = new Climb().tell((discovery, nowMs) => discovery.start([...broken, ...remembered], nowMs));
  const targets = (source: string) =>
    climb.actions.flatMap((action) =>
      action.kind === 'probe' && action.source === source ? action.targets : [],
    );
  expect(targets('remembered')).toEqual(remembered.slice(0, 16));
  for (const address of broken) {
    climb.tell((discovery) => discovery.announced(address)).tell((discovery) => discovery.named(address));
  }
  expect([...targets('dns-sd'), ...targets('peer')]).toEqual([]);
});

test('beyond 64 pending probes the oldest is dropped', () => {
  const probes = new Probes(new SeededRandom(1).next);
  const target = { host: '10.0.0.9', port: 6_881 };
  const ids = Array.from({ length: 65 }, () => {
    return decodeRequestHeader(new ByteReader(probes.probe('remembered', [target], 0))).transactionId;
  });
  const valid = ids.filter((id) => probes.match(id, target, 1) !== undefined);
  expect(valid).toEqual(ids.slice(1));
});
