import { ShoalError } from '../../Shared/ShoalError.ts';

/**
 * Messages between `shoal` and a running peer on the peer's local socket: one JSON object per line, UTF-8.
 * The client sends one request and may then send `{"abort":true}`. The peer sends `progress` lines and one
 * `answer`, then closes.
 */

/** Version of this protocol. A peer of another version is not used. */
export const LOCAL_VERSION = 1;
/** Upper bound on a request: a console line and its frame, in bytes. */
export const REQUEST_BYTES_MAX = 128 * 1_024;
/** Upper bound on an answer, in bytes: the listing of a large share, as JSON and as text. */
export const ANSWER_BYTES_MAX = 256 * 1_024 * 1_024;

export type LocalRequest =
  | { readonly version: number; readonly ask: 'hello' }
  | {
      readonly version: number;
      readonly ask: 'run';
      readonly line: string;
      readonly command: string;
      readonly width: number | null;
      readonly color: boolean;
      /** The only form of the answer that is wanted. A peer of an earlier version sends both. */
      readonly form?: 'json' | 'text' | undefined;
    };

/** Description of a running peer. */
export interface LocalHello {
  readonly version: number;
  readonly pid: number;
  readonly port: number;
  readonly name: string;
  /** Absolute real path. */
  readonly share: string;
  /** `host:port` of the trackers in use, configured or discovered. */
  readonly trackers: readonly string[];
  readonly startedWallMs: number;
  /** Id of the private network; undefined: the open one. */
  readonly privateNetwork?: string | undefined;
}

/** @throws ShoalError BAD_FRAME */
export function readRequest(line: string): LocalRequest {
  const value = parseObject(line);
  const { version, ask } = value;
  if (typeof version !== 'number') throw badRequest('it has no version');
  if (version !== LOCAL_VERSION) throw badRequest(`version ${version} is not supported`);
  if (ask === 'hello') return { version, ask };
  const { line: command, command: name, width, color, form } = value;
  if (ask !== 'run' || typeof command !== 'string' || typeof name !== 'string')
    throw badRequest('its type is unknown');
  const columns = typeof width === 'number' && width >= 20 && width <= 10_000 ? Math.floor(width) : null;
  const only = form === 'json' || form === 'text' ? form : undefined;
  return { version, ask, line: command, command: name, width: columns, color: color === true, form: only };
}

/** Parses a hello; undefined when it is invalid or of another version. */
export function readHello(value: Readonly<Record<string, unknown>>): LocalHello | undefined {
  const { version, pid, port, name, share, trackers, startedWallMs } = value;
  const privateNetwork = typeof value.privateNetwork === 'string' ? value.privateNetwork : undefined;
  if (version !== LOCAL_VERSION || typeof pid !== 'number' || typeof port !== 'number') return undefined;
  if (typeof name !== 'string' || typeof share !== 'string' || typeof startedWallMs !== 'number')
    return undefined;
  const known = Array.isArray(trackers) ? trackers.filter((each) => typeof each === 'string') : [];
  return { version, pid, port, name, share, trackers: known, startedWallMs, privateNetwork };
}

/** Parses one line. @throws ShoalError BAD_FRAME when it is not a JSON object */
export function parseObject(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw badRequest('it is not a JSON object');
}

function badRequest(why: string): ShoalError {
  return new ShoalError('BAD_FRAME', `the request on the local socket is refused: ${why}`, {
    hint: 'Check that shoal and the running peer have the same version.',
  });
}

/** Splits bytes into lines of bounded length. */
export class BoundedLines {
  readonly #bytesMax: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Returns complete lines, without line ends. @throws ShoalError BAD_FRAME when a line is too long */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      this.#add(chunk.subarray(start, end));
      lines.push(Buffer.concat(this.#parts).toString('utf8'));
      this.#parts = [];
      this.#length = 0;
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
    return lines;
  }

  #add(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > this.#bytesMax)
      throw new ShoalError('BAD_FRAME', `a line on the local socket is longer than ${this.#bytesMax} bytes`);
    if (part.length > 0) this.#parts.push(part);
  }
}
