import { SeededRandom } from '../Shared/SeededRandom.ts';
import { HandlingTimes, type Timing } from './Costs/HandlingTimes.ts';
import { controlTarget, laneReaderTarget, laneServerTarget } from './Fuzz/LinkTargets.ts';
import type { Target } from './Fuzz/Target.ts';
import { sessionTarget, trackerTarget } from './Fuzz/TrackerTargets.ts';
import type { Figure, TrialSettings } from './Trial.ts';

/** Number of distinct datagrams, and of distinct frames. */
const MESSAGES = 10_000_000;
const MESSAGES_SHORT = 100_000;
/** Inputs measured together: reading the CPU time costs more than most of them. */
const GROUP = 4;
/** Limit on the CPU time of a group. */
const COST_MAX_MS = 5;
const TARGETS = 5;
/** Groups between two settlements of the timings. */
const SETTLED = 5_000;
/** Messages after which memory has reached its steady size. */
const WARM = 20_000;
/** Maximum growth of resident memory after that. */
const GROWTH_MAX_MIB = 64;

/**
 * Mutated messages of every kind, by the million: no crash, no expensive input, no growth of memory. Each target has
 * a twin with the same inputs, and the minimum counts: the work of the target is the same in both, that of other
 * programs is not.
 */
export async function run({ short, seed, minutes }: TrialSettings): Promise<readonly Figure[]> {
  const messages = short ? MESSAGES_SHORT : MESSAGES;
  const figures: Figure[] = [];
  for (const targets of [
    [trackerTarget, sessionTarget],
    [controlTarget, laneServerTarget, laneReaderTarget],
  ]) {
    for (const target of targets) {
      const lastsMs = minutes === undefined ? Number.POSITIVE_INFINITY : (minutes * 60_000) / TARGETS;
      const [one, twin] = [target(new SeededRandom(seed)), target(new SeededRandom(seed))];
      figures.push(...(await figuresOf(one, twin, messages / targets.length, lastsMs)));
    }
  }
  return figures;
}

async function figuresOf(target: Target, twin: Target, messages: number, lastsMs: number): Promise<Figure[]> {
  const endMs = performance.now() + lastsMs;
  const times = new HandlingTimes();
  let sent = 0;
  let crashes = 0;
  let firstCrash: unknown;
  let worstMs = 0;
  let residentMiB = 0;
  let timings: (readonly [Timing, Timing])[] = [];
  const group = (each: Target): number => {
    let handled = 0;
    for (let step = 0; step < GROUP; step++) {
      try {
        handled += each.step();
      } catch (failure) {
        handled++;
        crashes++;
        firstCrash ??= failure;
      }
    }
    return handled;
  };
  const settle = async () => {
    await times.settle();
    for (const [one, other] of timings) worstMs = Math.max(worstMs, Math.min(one.ms, other.ms));
    timings = [];
  };
  while (sent < messages) {
    if (residentMiB === 0 && sent >= WARM) residentMiB = resident();
    const timing = times.measure(() => {
      sent += group(target);
    });
    timings.push([timing, times.measure(() => group(twin))]);
    if (timings.length < SETTLED) continue;
    await settle();
    if (performance.now() > endMs) break;
  }
  await settle();
  times.close();
  if (firstCrash !== undefined) console.error(firstCrash);
  const grownMiB = resident() - residentMiB;
  return [
    { name: `${target.name}: crashes`, value: `${crashes} of ${sent}`, wanted: '0', met: crashes === 0 },
    {
      name: `${target.name}: dearest ${GROUP}`,
      value: `${worstMs.toFixed(2)} ms (longest pause of the garbage collector, not counted: ${times.worstPauseMs.toFixed(1)} ms)`,
      wanted: `below ${COST_MAX_MS} ms`,
      met: worstMs < COST_MAX_MS,
      timed: true,
    },
    {
      name: `${target.name}: memory`,
      value: `${grownMiB.toFixed(0)} MiB more at the end than after ${WARM}`,
      wanted: `below ${GROWTH_MAX_MIB} MiB`,
      met: grownMiB < GROWTH_MAX_MIB,
    },
  ];
}

function resident(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}
