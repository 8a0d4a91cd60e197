/** When and how often the share folder is looked at. All in milliseconds of the passed clock. */
export interface ScanSettings {
  /** A file counts as quiet when it has not changed for this long. Leaves room to hash and publish within 2 s. */
  readonly quietMs: number;
  /** A file that keeps changing while it is hashed is left alone for longer each time, up to this. */
  readonly quietMaxMs: number;
  /** A folder that changed is listed after this, so that a burst of events costs one listing. */
  readonly gatherMs: number;
  /** Without watches, the whole folder is scanned this often. */
  readonly rescanMs: number;
}

export const DEFAULT_SCAN_SETTINGS: ScanSettings = {
  quietMs: 700,
  quietMaxMs: 30_000,
  gatherMs: 100,
  rescanMs: 30_000,
};
