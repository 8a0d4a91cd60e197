import { safeText } from './SafeText.ts';

/** Diagnostics for people; never results. Text from strangers may be passed: it is made safe here. */
export interface Log {
  /** Told once to everybody. */
  warn(message: string): void;
  info(message: string): void;
  /** Shown with --verbose only. */
  debug(message: string): void;
}

/** Writes lines through `write`; debug lines only when `verbose`. */
export function lineLog(write: (line: string) => void, verbose: boolean): Log {
  const line = (message: string) => write(safeText(message));
  return { warn: line, info: line, debug: verbose ? line : () => {} };
}

export const silentLog: Log = { warn: () => {}, info: () => {}, debug: () => {} };
