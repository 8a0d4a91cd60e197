import { availableParallelism } from 'node:os';
import { runSwarm, type SwarmOptions } from '../SwarmRun.ts';

const RATE = 25_000_000;
/** Upload limit at which two cores are enough for 33 processes. */
const SLOW_RATE = 2_500_000;
const BYTES = 256 * 2 ** 20;

/** A swarm, and the goal for its time as a multiple of the lower bound. */
const QUESTIONS: readonly (SwarmOptions & { readonly name: string; readonly goal?: number })[] = [
  { name: '8 leechers', leechers: 8, bytes: BYTES, uploadRate: RATE, goal: 1.15 },
  { name: '2 of 8 killed half-way', leechers: 8, bytes: BYTES, uploadRate: RATE, killed: 2, goal: 1.25 },
  {
    name: '8, seeder gone after one copy',
    leechers: 8,
    bytes: BYTES,
    uploadRate: RATE,
    seederLeavesAfter: 1.01,
  },
  { name: '32 leechers', leechers: 32, bytes: BYTES, uploadRate: RATE, goal: 1.2 },
  {
    name: '32 leechers, half of it, 2.5 MB/s each',
    leechers: 32,
    bytes: BYTES / 2,
    uploadRate: SLOW_RATE,
    goal: 1.2,
  },
];

/**
 * One seeder and many leechers, each limited to 25 MB/s up, 256 MiB: time until the last copy is complete and
 * byte-equal. The bound ignores CPU: the CPU used is printed beside the CPU available. SHOAL_BENCH_SWARM selects
 * swarms by number from 1 (`1,2`), SHOAL_BENCH_MIB sets the size.
 */
export async function run(): Promise<undefined> {
  const wanted = process.env.SHOAL_BENCH_SWARM?.split(',').map(Number);
  const size = process.env.SHOAL_BENCH_MIB;
  for (const [index, { name, goal, ...options }] of QUESTIONS.entries()) {
    if (wanted !== undefined && !wanted.includes(index + 1)) continue;
    const { seconds, each, boundSeconds, seederCopies, cpuSeconds } = await runSwarm({
      ...options,
      ...(size !== undefined && { bytes: Number(size) * 2 ** 20 }),
    });
    const ratio = (seconds / boundSeconds).toFixed(2);
    console.log(
      `${name}: ${seconds.toFixed(2)} s, ${ratio} x the bound of ${boundSeconds.toFixed(2)} s${goal === undefined ? '' : ` (goal ${goal})`}; ` +
        `first ${each[0]?.toFixed(2)} s, the seeder sent it ${seederCopies.toFixed(2)} times; ` +
        `${cpuSeconds.toFixed(1)} CPU seconds of ${(seconds * availableParallelism()).toFixed(1)}`,
    );
  }
}
