import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type LaunchedProgram, QUIET_MS } from '../../bench/Programs/LaunchedProgram.ts';
import type { TempFolder } from './TempFolder.ts';

/** Time between two probes of a condition. */
const LOOK_MS = 50;

/** A line printed by `--json`; docs/reference/json.md has the items. */
export interface Answer {
  readonly ok: boolean;
  readonly command: string;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string | null };
  readonly items?: readonly Item[];
  readonly [fact: string]: unknown;
}

export interface Item {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly host: string;
  readonly port: number;
  readonly size: number;
  readonly state: string;
  readonly bytes: number;
  readonly bytesFromBefore: number;
  readonly number: number;
  readonly foundBy: string;
  readonly here: boolean;
  readonly sourceCount: number;
  readonly version: number;
  readonly heldVersion: number;
  readonly reason: string | null;
  readonly sources: readonly {
    readonly name: string;
    readonly complete: boolean;
    readonly bytes: number;
    readonly state: string;
  }[];
}

/** A peer with a pipe as console that stays open, as a program that drives Shoal uses it. */
export class TestPeer {
  readonly name: string;
  readonly program: LaunchedProgram;
  readonly share: TempFolder;
  readonly port: number;

  constructor(name: string, program: LaunchedProgram, share: TempFolder, port: number) {
    this.name = name;
    this.program = program;
    this.share = share;
    this.port = port;
  }

  /** Runs one command and returns its answer. */
  async answer(command: string, quietMs = QUIET_MS): Promise<Answer> {
    const [line] = await this.program.ask(`${command} --json`, /^\{"version":.*$/, quietMs);
    return JSON.parse(line) as Answer;
  }

  /** Runs one command and returns its items. @throws Error when the command fails */
  async items(command: string): Promise<readonly Item[]> {
    const answer = await this.answer(command);
    if (!answer.ok) throw new Error(`${this.name}: ${command}: ${answer.error?.message}`);
    return answer.items ?? [];
  }

  /** The download with the highest number. @throws Error when there is none */
  async lastDownload(): Promise<Item> {
    const last = (await this.items('downloads')).at(-1);
    if (last === undefined) throw new Error(`${this.name} downloads nothing`);
    return last;
  }

  /** Payload bytes sent since the start. */
  async sent(): Promise<number> {
    return Number((await this.answer('status')).sent);
  }

  /** Waits until a tracker holds the current version of the catalog. */
  async isPublished(): Promise<void> {
    await this.program.ask('list --json', /^\{"version":/); // The first scan is over.
    await eventually(`the catalog of ${this.name} is held`, async () => {
      const trackers = await this.items('tracker');
      return trackers.some((each) => each.state === 'connected' && each.heldVersion === each.version);
    });
  }

  /** Waits until the last download has at least this number of verified bytes. */
  hasFetched(bytes: number): Promise<Item> {
    return this.#downloads(`${bytes} bytes`, (download) => download.bytes >= bytes);
  }

  /** Waits until the last download is done. */
  isDone(): Promise<Item> {
    return this.#downloads('all of it', ({ state }) => state === 'done');
  }

  #downloads(what: string, isReached: (download: Item) => boolean): Promise<Item> {
    return eventually(`${this.name} has fetched ${what}`, async (note) => {
      const download = await this.lastDownload();
      note(`${download.state}, ${download.bytes} bytes`);
      return isReached(download) ? download : undefined;
    });
  }

  /** Reads a file of the share. */
  read(path: string): Promise<Buffer> {
    return readFile(this.share.at(path));
  }

  /** Paths of all files in the share folder, including Temp, sorted. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.share.path, { recursive: true, withFileTypes: true });
    return (
      entries
        // The lock of the share is not one of its files.
        .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.shoal-lock'))
        .map((entry) => `${entry.parentPath}/${entry.name}`.slice(this.share.path.length + 1))
        .sort()
    );
  }
}

/**
 * Repeats a probe until it returns something other than false or undefined.
 * @param probe - gets `note`: a noted value that differs from the last one is progress, and starts the quiet time again
 * @throws Error when QUIET_MS pass without progress, or three times as long in all; failures of the probe pass through
 */
export async function eventually<T>(
  what: string,
  probe: (note: (progress: string | number) => void) => T | Promise<T>,
): Promise<Exclude<T, false | undefined>> {
  const startMs = performance.now();
  let progressMs = startMs;
  let last: string | number | undefined;
  const note = (progress: string | number) => {
    if (progress !== last) progressMs = performance.now();
    last = progress;
  };
  for (;;) {
    const value = await probe(note);
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    const nowMs = performance.now();
    if (nowMs - progressMs > QUIET_MS || nowMs - startMs > 3 * QUIET_MS)
      throw new Error(
        `not reached within ${Math.round(nowMs - startMs)} ms: ${what} (last progress: ${last})`,
      );
    await pause(LOOK_MS);
  }
}
