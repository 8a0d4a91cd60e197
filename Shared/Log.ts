import { safeText } from './SafeText.ts';

/** Diagnostics for the user; never results. Messages may hold text of strangers: they are escaped here. */
export interface Log {
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
