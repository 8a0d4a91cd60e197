import { join } from 'node:path';
import * as v from 'valibot';
import { isId } from '../../Protocol/Ids.ts';
import type { TakenFile } from '../NetworkModel.ts';
import { writeWhole } from './JsonFile.ts';
import type { StateFolder } from './StateFolder.ts';

const FILE = 'history.json';
/** Above the largest history: 10,000 entries with paths of 1,000 bytes. */
const BYTES_MAX = 16 * 1_024 * 1_024;
/** Limit on entries read from the file, which may have been edited by hand. */
const ENTRIES_MAX = 10_000;

/** The latest time of a Date; sizes and counts are below it too. */
const TIME_MAX_MS = 8.64e15;

const count = v.pipe(v.number(), v.minValue(0), v.maxValue(TIME_MAX_MS));
const id = v.pipe(v.string(), v.check(isId));
const ENTRY = v.object({
  fileId: id,
  path: v.string(),
  size: count,
  peer: v.object({
    peerId: id,
    name: v.string(),
    address: v.object({ host: v.string(), port: count }),
  }),
  bytes: count,
  complete: v.boolean(),
  firstWallMs: count,
  lastWallMs: count,
});

/**
 * The history of uploads in the state folder, the oldest entry first. Invalid entries are skipped. Implements
 * `HistoryStore`.
 */
export class HistoryFile {
  readonly #folder: StateFolder;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  async load(): Promise<readonly TakenFile[]> {
    const value = await this.#folder.readLarge(FILE, BYTES_MAX);
    return Array.isArray(value) ? value.filter(isEntry).slice(-ENTRIES_MAX) : [];
  }

  /** @throws Error of node:fs */
  save(entries: readonly TakenFile[]): Promise<void> {
    return writeWhole(join(this.#folder.path, FILE), `${JSON.stringify(entries)}\n`);
  }
}

function isEntry(value: unknown): value is TakenFile {
  return v.is(ENTRY, value);
}
