/** Timing of scans of the share folder, in milliseconds of the passed clock. */
export const DEFAULT_SCAN_SETTINGS = {
  /** Time without a change after which a file counts as complete. Leaves room to hash and publish within 2 s. */
  quietMs: 700,
  /** Upper bound of the backoff for a file that keeps changing while it is hashed. */
  quietMaxMs: 30_000,
  /** Delay between the first watch event and the scan, so that a burst of events costs one scan. */
  coalesceMs: 100,
  /** Interval of full scans when watches are not available. */
  rescanMs: 30_000,
};

export type ScanSettings = Readonly<typeof DEFAULT_SCAN_SETTINGS>;
