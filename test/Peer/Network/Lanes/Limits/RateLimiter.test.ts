import { expect, test } from 'vitest';
import { localClass } from '../../../../../Peer/Network/Lanes/Limits/AddressClass.ts';
import type { RateFlow } from '../../../../../Peer/Network/Lanes/Limits/RateFlow.ts';
import { RateLimiter } from '../../../../../Peer/Network/Lanes/Limits/RateLimiter.ts';
import { TransferLimits } from '../../../../../Peer/Network/Lanes/Limits/TransferLimits.ts';
import type { NetworkClass } from '../../../../../Shared/Network/Address.ts';
import { LIMIT_SCOPES, type Rates } from '../../../../../Shared/Network/Rates.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';
import type { Clock } from '../../../../../Shared/Time/Clock.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';
import { seeds } from '../../../../Support/seeds.ts';

const WINDOW_MS = 5_000;

/** Transferred bytes with their times, of one lane or several. */
class Trace {
  readonly moves: { atMs: number; bytes: number }[] = [];

  /** Lowest and highest rate of all windows of 5 s that begin at or after `fromMs` and end by `toMs`. */
  extremes(fromMs: number, toMs: number): [number, number] {
    const rates: number[] = [];
    for (let startMs = fromMs; startMs + WINDOW_MS <= toMs; startMs += 50) rates.push(this.rate(startMs));
    return [Math.min(...rates), Math.max(...rates)];
  }

  rate(startMs: number, ms = WINDOW_MS): number {
    let sum = 0;
    for (const { atMs, bytes } of this.moves) if (atMs >= startMs && atMs < startMs + ms) sum += bytes;
    return (sum / ms) * 1_000;
  }
}

/** Timers late by up to 5 ms, as on a busy machine. */
function lateClock(clock: SimulatedClock, random: SeededRandom): Clock {
  return { nowMs: clock.nowMs, after: (ms, task) => clock.after(ms + random.between(0, 5), task) };
}

function world(seed: number) {
  const random = new SeededRandom(seed);
  const clock = new SimulatedClock();
  const late = lateClock(clock, random);
  return { random, clock, late };
}

/** A lane that sends all the time: pieces of the allowed size, or small frames. */
function sends(flow: RateFlow, clock: Clock, traces: Trace[], frameBytes: () => number): void {
  void (async () => {
    for (;;) {
      const bytes = Math.min(frameBytes(), flow.pieceBytesMax);
      const turn = flow.take(bytes);
      if (turn !== undefined) await turn;
      for (const trace of traces) trace.moves.push({ atMs: clock.nowMs(), bytes });
    }
  })();
}

/** A lane that reads all the time, at most `readBytes` at once. */
function reads(flow: RateFlow, clock: Clock, traces: Trace[], readBytes: () => number): void {
  void (async () => {
    for (;;) {
      const bytes = Math.min(readBytes(), flow.pieceBytesMax);
      flow.spend(bytes);
      for (const trace of traces) trace.moves.push({ atMs: clock.nowMs(), bytes });
      if (!flow.ready) await new Promise<void>((resolve) => flow.whenReady(resolve));
    }
  })();
}

const LARGE = () => 1_048_576;

test.each(seeds(8))(
  'a busy limit holds within 5 percent over any 5 s, whatever the lanes (seed %i)',
  async (seed) => {
    const { random, clock, late } = world(seed);
    const rate = random.int(20_000, 100_000_000);
    const limiter = new RateLimiter(late, { total: rate });
    const all = new Trace();
    const lanes = random.int(1, 12);
    const up = random.chance(0.5);
    for (let lane = 0; lane < lanes; lane++) {
      const smallest = Math.ceil(rate / 2_000);
      const bytes = random.pick([
        LARGE,
        () => random.int(smallest, 4 * smallest),
        () => random.int(500, 1e6),
      ]);
      (up ? sends : reads)(limiter.flow('lan'), clock, [all], bytes);
    }
    await clock.advanceAsync(9_000);
    const [low, high] = all.extremes(1_000, 9_000);
    expect(low / rate).toBeGreaterThan(0.95);
    expect(high / rate).toBeLessThan(1.05);
  },
);

test.each(seeds(4))(
  'lanes with constant demand get equal bytes, whatever their frame sizes (seed %i)',
  async (seed) => {
    const { random, clock, late } = world(seed);
    const limiter = new RateLimiter(late, { total: random.int(100_000, 1_000_000) });
    const up = random.chance(0.5);
    const lanes = Array.from({ length: random.int(2, 8) }, () => new Trace());
    const frames = [LARGE, () => random.int(200, 2_000), () => random.int(1, 60_000)];
    for (const [index, trace] of lanes.entries())
      (up ? sends : reads)(limiter.flow('lan'), clock, [trace], frames[index % 3] ?? LARGE);
    await clock.advanceAsync(8_000);
    const rates = lanes.map((trace) => trace.rate(1_000, 7_000));
    expect(Math.max(...rates) / Math.min(...rates)).toBeLessThan(1.1);
  },
);

test.each(seeds(4))('a change while running holds from then on (seed %i)', async (seed) => {
  const { random, clock, late } = world(seed);
  const limiter = new RateLimiter(late, { total: 50_000_000 });
  const all = new Trace();
  for (let lane = 0; lane < 4; lane++)
    (random.chance(0.5) ? sends : reads)(limiter.flow('elsewhere'), clock, [all], () => 100_000);
  await clock.advanceAsync(2_000);
  for (const rate of [random.int(300_000, 5_000_000), random.int(5_000_000, 90_000_000), 1_000_000]) {
    limiter.setRates({ total: rate });
    const fromMs = clock.nowMs() + 200;
    await clock.advanceAsync(6_000);
    const [low, high] = all.extremes(fromMs, clock.nowMs());
    expect(low / rate).toBeGreaterThan(0.95);
    expect(high / rate).toBeLessThan(1.05);
  }
});

test.each(seeds(4))(
  'a transfer obeys its class and the total, and classes do not starve each other (seed %i)',
  async (seed) => {
    const { random, clock, late } = world(seed);
    const limiter = new RateLimiter(late, { total: 10_000_000, lan: 6_000_000, elsewhere: 1_000_000 });
    const traces: Record<NetworkClass, Trace> = {
      loopback: new Trace(),
      lan: new Trace(),
      elsewhere: new Trace(),
    };
    const all = new Trace();
    const act = random.chance(0.5) ? sends : reads;
    for (const kind of ['lan', 'lan', 'elsewhere', 'loopback'] as const)
      act(limiter.flow(kind), clock, [traces[kind], all], LARGE);
    await clock.advanceAsync(8_000);
    const [low, high] = all.extremes(1_000, 8_000);
    expect([low / 1e7 > 0.95, high / 1e7 < 1.05]).toEqual([true, true]);
    // Fair order: four lanes, of which one is held at 1 MB/s; the others share what is left.
    expect(traces.elsewhere.rate(2_000) / 1e6).toBeCloseTo(1, 1);
    expect(traces.lan.rate(2_000) / 6e6).toBeCloseTo(1, 1);
    expect(traces.loopback.rate(2_000) / 3e6).toBeCloseTo(1, 1);
    limiter.setRates({ loopback: 500_000, lan: undefined });
    await clock.advanceAsync(7_000);
    expect(traces.loopback.rate(10_000) / 5e5).toBeCloseTo(1, 1);
    expect(traces.lan.rate(10_000) / 8.5e6).toBeCloseTo(1, 1);
  },
);

test('a lane that ends returns its unused grant and releases its waiters', async () => {
  const { clock, late } = world(1);
  const limiter = new RateLimiter(late, { lan: 10_000 });
  const [one, two] = [limiter.flow('lan'), limiter.flow('lan')];
  const ended: string[] = [];
  one.spend(5_000);
  void one.take(1_000)?.then(() => ended.push('one'));
  two.whenReady(() => ended.push('two'));
  one.close();
  one.spend(1_000_000);
  await clock.flush();
  expect(ended).toEqual(['one']);
  await clock.advanceAsync(1_000);
  expect(ended).toEqual(['one', 'two']);
  expect(two.ahead).toBe(1_024);
  two.close();
  expect(two.ahead).toBe(0);
  expect(limiter.flow('elsewhere').ready).toBe(true);
});

test('the total rate of all lanes, allowed and measured', async () => {
  const { clock, late } = world(2);
  const limiter = new RateLimiter(late, { lan: 2_000_000 });
  expect(limiter.ceiling).toBeUndefined();
  sends(limiter.flow('lan'), clock, [], LARGE);
  await clock.advanceAsync(3_000);
  expect(limiter.ceiling).toBe(2_000_000);
  expect(limiter.moving('lan') / 2e6).toBeCloseTo(1, 1);
  expect([limiter.moving('total'), limiter.moving('loopback')]).toEqual([limiter.moving('lan'), 0]);
  limiter.setRates({ total: 500_000 });
  expect([limiter.ceiling, limiter.rate('lan'), limiter.rate('total')]).toEqual([
    500_000, 2_000_000, 500_000,
  ]);
  await clock.advanceAsync(3_000);
  expect(limiter.moving('total') / 5e5).toBeCloseTo(1, 1);
});

test.each([
  ['127.0.0.1', 'loopback'],
  ['::1', 'loopback'],
  ['10.3.4.5', 'lan'],
  ['fe80::1', 'lan'],
  ['203.0.113.77', 'lan'],
  ['203.0.114.1', 'elsewhere'],
  ['2001:db8:1::9', 'lan'],
  ['2001:db8:2::9', 'elsewhere'],
  ['198.51.100.1', 'elsewhere'],
  ['nonsense', 'elsewhere'],
])('%s is %s', (host, expected) => {
  const face = (address: string, cidr: string, family: 'IPv4' | 'IPv6') =>
    ({ address, cidr, family, internal: false, netmask: '', mac: '', scopeid: 0 }) as const;
  const interfaces = {
    eth0: [face('203.0.113.5', '203.0.113.5/24', 'IPv4'), face('2001:db8:1::5', '2001:db8:1::5/64', 'IPv6')],
    tun0: [face('198.51.100.7', '198.51.100.7/0', 'IPv4')],
  };
  expect(localClass(host, () => interfaces)).toBe(expected);
});

test('a lane that comes late catches up two pieces, and no more', async () => {
  const clock = new SimulatedClock();
  const limiter = new RateLimiter(clock, { total: 100_000 });
  const order: string[] = [];
  const repeats = (flow: RateFlow, name: string) => {
    const go = () => {
      order.push(name);
      flow.spend(flow.ahead);
      flow.whenReady(go);
    };
    flow.whenReady(go);
  };
  repeats(limiter.flow('lan'), 'early ');
  await clock.advanceAsync(2_000);
  order.length = 0;
  repeats(limiter.flow('lan'), 'late ');
  await clock.advanceAsync(350);
  // In turn, lanes of equal bytes would be called: late, late, early, late, early.
  expect(order.join('')).toBe('late late late late early late early late ');
});

test('only without any limit does none apply', () => {
  const clock = new SimulatedClock();
  expect(new RateLimiter(clock, {}).unlimited).toBe(true);
  const all = Object.fromEntries(LIMIT_SCOPES.map((scope) => [scope, 1_000]));
  const limiter = new RateLimiter(clock, all);
  for (const rates of [all, ...LIMIT_SCOPES.map((scope) => ({ [scope]: 1_000 }))])
    expect(new RateLimiter(clock, rates).unlimited).toBe(false);
  limiter.close();
  expect(limiter.unlimited).toBe(true);
});

test('a piece takes 10 ms of the rate at least, however many lanes there are', () => {
  const limiter = new RateLimiter(new SimulatedClock(), { total: 100_000_000 });
  const flows = Array.from({ length: 100 }, () => limiter.flow('lan'));
  for (const flow of flows) flow.spend(1);
  expect(flows[0]?.pieceBytesMax).toBe(1_000_000);
});

test('a piece has 2 MiB at most, without limits and with high ones', () => {
  const clock = new SimulatedClock();
  for (const rates of [{}, { up: { total: 100_000_000_000 } }])
    expect(new TransferLimits(clock, rates).up.flow('lan').pieceBytesMax).toBe(2_097_152);
});

test('the ceiling is the sum of the limits of the classes in use, and at most the total', () => {
  const clock = new SimulatedClock();
  const ceilingOf = (rates: Rates, kinds: readonly NetworkClass[]) => {
    const limiter = new RateLimiter(clock, rates);
    for (const kind of kinds) limiter.flow(kind).spend(1);
    return limiter.ceiling;
  };
  const rates = { lan: 2_000, elsewhere: 300 };
  expect(ceilingOf(rates, ['lan', 'elsewhere', 'lan'])).toBe(2_300);
  expect(ceilingOf(rates, ['elsewhere'])).toBe(300);
  expect(ceilingOf(rates, ['elsewhere', 'loopback'])).toBeUndefined();
  expect(ceilingOf(rates, [])).toBeUndefined();
  expect(ceilingOf({ ...rates, total: 1_000 }, ['lan', 'elsewhere'])).toBe(1_000);
  expect(ceilingOf({ ...rates, total: 1_000 }, ['elsewhere'])).toBe(300);
  expect(ceilingOf({ ...rates, total: 1_000 }, [])).toBe(1_000);
});

test('a lane without bytes for a second counts no longer, unless it waits for its turn', () => {
  const clock = new SimulatedClock();
  const limiter = new RateLimiter(clock, { lan: 100, elsewhere: 300, loopback: 1_000 });
  const [waits, busy, idle] = [limiter.flow('lan'), limiter.flow('elsewhere'), limiter.flow('loopback')];
  for (const flow of [waits, busy, idle]) flow.spend(50_000);
  waits.whenReady(() => {});
  expect(limiter.ceiling).toBe(1_400);
  clock.advance(500);
  busy.spend(1);
  clock.advance(500);
  expect(limiter.ceiling).toBe(1_400);
  clock.advance(250);
  expect(limiter.ceiling).toBe(400);
  idle.spend(1);
  expect(limiter.ceiling).toBe(1_400);
});

test('the limit that a waiting lane has is told for its class: the lower of its own and the total', () => {
  const clock = new SimulatedClock();
  const limiter = new RateLimiter(clock, { total: 5_000, lan: 2_000 });
  const [lan, far] = [limiter.flow('lan'), limiter.flow('elsewhere')];
  for (const flow of [lan, far]) flow.spend(10_000);
  expect([limiter.holdingBack('lan'), limiter.holdingBack('elsewhere')]).toEqual([undefined, undefined]);
  lan.whenReady(() => {});
  expect([limiter.holdingBack('lan'), limiter.holdingBack('elsewhere')]).toEqual([2_000, undefined]);
  far.whenReady(() => {});
  expect(limiter.holdingBack('elsewhere')).toBe(5_000);
  expect([lan.rate, far.rate, limiter.flow('loopback').rate]).toEqual([2_000, 5_000, 5_000]);
  limiter.setRates({ total: 1_000 });
  expect([lan.rate, far.rate]).toEqual([1_000, 1_000]);
  limiter.setRates({ total: undefined });
  expect([lan.rate, far.rate]).toEqual([2_000, undefined]);
});

test('without limits, and when they are lifted, no lane waits', async () => {
  const clock = new SimulatedClock();
  const limiter = new RateLimiter(clock, { lan: 1_000 });
  const [lan, far] = [limiter.flow('lan'), limiter.flow('elsewhere')];
  far.spend(1_000_000);
  expect([far.ready, far.ahead]).toEqual([true, 0]);
  lan.spend(1_000_000);
  let gone = false;
  void lan.take(5)?.then(() => {
    gone = true;
  });
  await clock.advanceAsync(100);
  expect([lan.ready, gone]).toEqual([false, false]);
  limiter.close();
  await clock.flush();
  expect([lan.ready, gone, limiter.holdingBack('lan'), clock.pending]).toEqual([true, true, undefined, 0]);
});

test('who waits goes before who comes when the limit allows the next piece', async () => {
  const clock = new SimulatedClock();
  const limiter = new RateLimiter(clock, { total: 1_000 });
  const [first, second, third] = Array.from({ length: 3 }, () => limiter.flow('lan'));
  first?.spend(50_000);
  const order: string[] = [];
  second?.whenReady(() => order.push('second'));
  await clock.advanceAsync(100);
  expect([order, third?.ready]).toEqual([[], false]);
  await clock.advanceAsync(10_000);
  expect([order, third?.ready]).toEqual([['second'], true]);
});

test('bytes of a closed lane count no more, and its place in the round is free', () => {
  const limiter = new RateLimiter(new SimulatedClock(), { total: 10_000_000 });
  const flows = Array.from({ length: 10 }, () => limiter.flow('lan'));
  for (const flow of flows) flow.spend(1);
  expect(flows[0]?.pieceBytesMax).toBe(200_000);
  for (const flow of flows.slice(1)) {
    flow.close();
    flow.close();
    flow.spend(1_000);
  }
  expect([flows[0]?.pieceBytesMax, limiter.moving('lan')]).toEqual([500_000, 40]);
});
