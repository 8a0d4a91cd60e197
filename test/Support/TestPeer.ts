import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type LaunchedProgram, PATIENCE_MS } from '../../bench/Programs/LaunchedProgram.ts';
import type { TempFolder } from './TempFolder.ts';

/** How often a condition is looked at, in milliseconds. */
const LOOK_MS = 50;

/** What `--json` prints; the items are as Peer/Commands/Items.ts says. */
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

/** A peer whose console is a pipe that stays open: what a program that drives Shoal sees. */
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

  /** Runs one command to its end. */
  async answer(command: string, timeoutMs = PATIENCE_MS): Promise<Answer> {
    const [line] = await this.program.ask(`${command} --json`, /^\{"version":.*$/, timeoutMs);
    return JSON.parse(line) as Answer;
  }

  /** The items of an answer. @throws Error when the command failed */
  async items(command: string, timeoutMs = PATIENCE_MS): Promise<readonly Item[]> {
    const answer = await this.answer(command, timeoutMs);
    if (!answer.ok) throw new Error(`${this.name}: ${command}: ${answer.error?.message}`);
    return answer.items ?? [];
  }

  /** The only download, or the last one. */
  async lastDownload(): Promise<Item> {
    const last = (await this.items('downloads')).at(-1);
    if (last === undefined) throw new Error(`${this.name} downloads nothing`);
    return last;
  }

  /** Bytes of files sent since it was started. */
  async sent(): Promise<number> {
    return Number((await this.answer('status')).sent);
  }

  /** Waits until a tracker knows everything that is shared now. */
  async isPublished(): Promise<void> {
    await this.program.ask('list --json', /^\{"version":/); // The first scan is over.
    await eventually(`the catalog of ${this.name} is held`, async () => {
      const trackers = await this.items('tracker');
      return trackers.some((each) => each.state === 'connected' && each.heldVersion === each.version);
    });
  }

  /** Waits until the last download has at least that many verified bytes. */
  async hasFetched(bytes: number): Promise<Item> {
    return eventually(`${this.name} has fetched ${bytes} bytes`, async () => {
      const download = await this.lastDownload();
      return download.bytes >= bytes ? download : undefined;
    });
  }

  /** A file of the share. */
  read(path: string): Promise<Buffer> {
    return readFile(this.share.at(path));
  }

  /** Everything in the share folder, Temp included, folders without their own line; sorted. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.share.path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => `${entry.parentPath}/${entry.name}`.slice(this.share.path.length + 1))
      .sort();
  }
}

/**
 * Looks until a probe gives something other than false or undefined, and gives that.
 * @throws Error with the last failure of the probe when the time is up
 */
export async function eventually<T>(
  what: string,
  probe: () => T | Promise<T>,
  timeoutMs = PATIENCE_MS,
): Promise<Exclude<T, false | undefined>> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    if (performance.now() > until) throw new Error(`${timeoutMs} ms passed, and not yet: ${what}`);
    await pause(LOOK_MS);
  }
}
