import { ShoalError } from './ShoalError.ts';
import { safeText } from './Text/SafeText.ts';

/** Diagnostics for the user; never results. Messages may hold text of strangers: they are escaped here. */
export interface Log {
  warn(message: string): void;
  /** @param event - kind of the event for programs that read the log, such as `download` */
  info(message: string, event?: string): void;
  /** Shown at level `debug` only. */
  debug(message: string): void;
}

export type LogFormat = 'text' | 'json';
/** The least important messages that are written. */
export type LogLevel = 'warn' | 'info' | 'debug';

const FORMATS: readonly LogFormat[] = ['text', 'json'];
const LEVELS: readonly LogLevel[] = ['warn', 'info', 'debug'];

export interface LogOptions {
  readonly format?: LogFormat | undefined;
  readonly level?: LogLevel | undefined;
}

/** Writes lines of text through `write`; debug lines only when `verbose`. */
export function lineLog(write: (line: string) => void, verbose: boolean): Log {
  return makeLog({ level: verbose ? 'debug' : 'info' }, write, () => 0); // Text has no time.
}

/**
 * Writes one line a message: text, or an object `{"time","level","event"?,"message"}` in JSON.
 * @param wallClock - milliseconds since 1970, for `time`
 */
export function makeLog(
  { format = 'text', level = 'info' }: LogOptions,
  write: (line: string) => void,
  wallClock: () => number,
): Log {
  const at = (own: LogLevel) => (message: string, event?: string) => {
    if (LEVELS.indexOf(own) > LEVELS.indexOf(level)) return;
    if (format === 'text') write(safeText(message));
    else
      write(
        JSON.stringify({
          time: new Date(wallClock()).toISOString(),
          level: own,
          ...(event === undefined ? {} : { event }),
          message: safeText(message),
        }),
      );
  };
  return { warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** @throws ShoalError USAGE */
export function readLogFormat(text: string): LogFormat {
  return oneOf(FORMATS, text, 'log format', '--log-format');
}

/** @throws ShoalError USAGE */
export function readLogLevel(text: string): LogLevel {
  return oneOf(LEVELS, text, 'log level', '--log-level');
}

function oneOf<T extends string>(known: readonly T[], text: string, what: string, option: string): T {
  const found = known.find((each) => each === text.trim().toLowerCase());
  if (found !== undefined) return found;
  throw new ShoalError('USAGE', `"${safeText(text.slice(0, 40))}" is no ${what}`, {
    hint: `It is one of ${known.join(', ')}, like ${option} ${known[1]}.`,
  });
}

export const silentLog: Log = { warn: () => {}, info: () => {}, debug: () => {} };
