import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { descriptorsUsed } from '../../Shared/Program/Descriptors.ts';
import type { Figure } from '../Trial.ts';

const MINUTE_MS = 60_000;

/** One measurement, after a collection of garbage. */
interface Sample {
  readonly atMs: number;
  /** Live heap and buffers. */
  readonly bytes: number;
  /** Sockets, watchers and processes. */
  readonly handles: number;
  readonly descriptors: number;
}

/** A measured quantity. */
interface Quantity {
  readonly name: string;
  readonly of: (sample: Sample) => number;
  readonly text: (value: number) => string;
  /** Maximum growth by the slope, over the later half of the run. */
  readonly growthMax: number;
}

const QUANTITIES: readonly Quantity[] = [
  { name: 'live memory', of: ({ bytes }) => bytes, text: megabytes, growthMax: 30e6 },
  { name: 'handles', of: ({ handles }) => handles, text: decimal, growthMax: 40 },
  { name: 'descriptors', of: ({ descriptors }) => descriptors, text: decimal, growthMax: 40 },
];

/** Samples the memory and handles of the process, and judges their growth. */
export class Growth {
  readonly #samples: Sample[] = [];
  readonly #collectGarbage = garbageCollector();

  /** @returns the measured values, in words */
  sample(): string {
    this.#collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    const sample = {
      atMs: performance.now(),
      bytes: heapUsed + external,
      handles: handleCount(),
      descriptors: descriptorsUsed() ?? 0,
    };
    this.#samples.push(sample);
    return QUANTITIES.map(({ name, of, text }) => `${name} ${text(of(sample))}`).join(', ');
  }

  /**
   * Slopes over the later half of the samples.
   * @param judged - false for runs that are so short that links are still being opened
   */
  figures(judged: boolean): Figure[] {
    const later = this.#samples.slice(this.#samples.length >> 1);
    const [first, last] = [later[0], later.at(-1)];
    if (first === undefined || last === undefined || first === last)
      throw new Error('too few samples were taken');
    const spanMs = last.atMs - first.atMs;
    return QUANTITIES.map(({ name, of, text, growthMax }) => {
      const slope = slopeOf(later.map((sample) => [sample.atMs, of(sample)]));
      const growth = slope * spanMs;
      return {
        name: `slope of ${name} in the later half`,
        value: `${text(slope * 60 * MINUTE_MS)} an hour: ${text(growth)} in ${decimal(spanMs / MINUTE_MS)} min (${text(of(last))} at the end)`,
        ...(judged ? { wanted: `below ${text(growthMax)}` } : {}),
        met: !judged || growth < growthMax,
      };
    });
  }
}

/** Sockets, watchers and processes, without timers and pending requests. */
export function handleCount(): number {
  return process.getActiveResourcesInfo().filter((kind) => !/Timeout|Immediate|Req/.test(kind)).length;
}

/** Least squares. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / Math.max(spread, 1);
}

function megabytes(value: number): string {
  return `${(value / 1e6).toFixed(1)} MB`;
}

function decimal(value: number): string {
  return value.toFixed(Number.isInteger(value) ? 0 : 1);
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
