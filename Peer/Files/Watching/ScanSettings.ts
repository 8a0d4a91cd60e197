/** Timing of scans of the share folder, in milliseconds of the passed clock. */
export interface ScanSettings {
  /** Time without a change after which a file counts as complete. Leaves room to hash and publish within 2 s. */
  readonly quietMs: number;
  /** Upper bound of the backoff for a file that keeps changing while it is hashed. */
  readonly quietMaxMs: number;
  /** Delay between the first watch event and the scan, so that a burst of events costs one scan. */
  readonly coalesceMs: number;
  /** Interval of full scans when watches are not available. */
  readonly rescanMs: number;
}

export const DEFAULT_SCAN_SETTINGS: ScanSettings = {
  quietMs: 700,
  quietMaxMs: 30_000,
  coalesceMs: 100,
  rescanMs: 30_000,
};
