import { SeededRandom } from '../Shared/SeededRandom.ts';
import { controlTarget, laneReaderTarget, laneServerTarget } from './Fuzz/LinkTargets.ts';
import type { Target } from './Fuzz/Target.ts';
import { sessionTarget, trackerTarget } from './Fuzz/TrackerTargets.ts';
import type { Figure, TrialSettings } from './Trial.ts';

const MESSAGES = 10_000_000;
const MESSAGES_SHORT = 400_000;
/** Inputs measured together: reading the CPU time costs more than most of them. */
const GROUP = 4;
/** No group may take longer, but for one in 300: the collector of garbage, which a lane feeds with a read-ahead of 128 KiB. */
const COST_MAX_MS = 5;
const RARE = 1 / 300;
const RARE_MAX_MS = 50;
/** Growth of the resident memory after the first tenth. */
const GROWTH_MAX_MIB = 64;

/** Mutated messages of every kind, by the million: nothing crashes, no input is dear, memory stays flat. */
export async function run({ short, seed }: TrialSettings): Promise<readonly Figure[]> {
  const targets = [trackerTarget, sessionTarget, controlTarget, laneServerTarget, laneReaderTarget];
  const each = (short ? MESSAGES_SHORT : MESSAGES) / targets.length;
  return targets.flatMap((target, at) => figuresOf(target(new SeededRandom(seed + at)), each));
}

function figuresOf(target: Target, messages: number): Figure[] {
  let sent = 0;
  let crashes = 0;
  let firstCrash: unknown;
  let worstMs = 0;
  let above = 0;
  let groups = 0;
  let residentMiB = 0;
  while (sent < messages) {
    if (residentMiB === 0 && sent > messages / 10) residentMiB = resident();
    const startedMs = performance.now();
    const before = process.cpuUsage();
    for (let step = 0; step < GROUP; step++) {
      try {
        sent += target.step();
      } catch (failure) {
        sent++;
        crashes++;
        firstCrash ??= failure;
      }
    }
    // Time on the wall counts other programs, CPU time other threads of this one: the lesser counts.
    const { user, system } = process.cpuUsage(before);
    const ms = Math.min((user + system) / 1_000, performance.now() - startedMs);
    groups++;
    worstMs = Math.max(worstMs, ms);
    if (ms >= COST_MAX_MS) above++;
  }
  if (firstCrash !== undefined) console.error(firstCrash);
  const grownMiB = resident() - residentMiB;
  return [
    { name: `${target.name}: crashes`, value: `${crashes} of ${sent}`, wanted: '0', met: crashes === 0 },
    {
      name: `${target.name}: dearest ${GROUP}`,
      value: `${worstMs.toFixed(2)} ms, ${above} of ${groups} above ${COST_MAX_MS} ms`,
      wanted: `one in ${1 / RARE} above ${COST_MAX_MS} ms, none above ${RARE_MAX_MS} ms`,
      met: above <= groups * RARE && worstMs < RARE_MAX_MS,
    },
    {
      name: `${target.name}: memory`,
      value: `${grownMiB.toFixed(0)} MiB more at the end than after a tenth`,
      wanted: `below ${GROWTH_MAX_MIB} MiB`,
      met: grownMiB < GROWTH_MAX_MIB,
    },
  ];
}

function resident(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}
