import type { Download } from '../Api/Items.ts';

/** Rates over time: seconds since 1970 and bytes a second, oldest first. */
export interface RateHistory {
  readonly times: number[];
  readonly rates: number[];
}

/** Samples kept of one download: ten minutes, one a second. */
export const SAMPLES_MAX = 600;
/** Downloads with a history. */
const DOWNLOADS_MAX = 200;

const histories = new Map<number, RateHistory>();

/** Adds one sample of each download that moves or has moved. */
export function addRates(downloads: readonly Download[], nowMs: number): void {
  for (const { number, state, bytesPerSecond } of downloads) {
    const known = histories.get(number);
    if (known === undefined && (state !== 'fetching' || histories.size >= DOWNLOADS_MAX)) continue;
    if (state === 'done' || state === 'cancelled') continue;
    const history = known ?? { times: [], rates: [] };
    histories.set(number, history);
    history.times.push(Math.round(nowMs / 1_000));
    history.rates.push(bytesPerSecond);
    if (history.times.length > SAMPLES_MAX) {
      history.times.shift();
      history.rates.shift();
    }
  }
}

export function ratesOf(number: number): RateHistory | undefined {
  return histories.get(number);
}
