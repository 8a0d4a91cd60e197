import { join } from 'node:path';
import { type FileId, isId, type PeerId } from '../../Protocol/Ids.ts';
import { readJson, writeWhole } from './JsonFile.ts';
import type { StateFolder } from './StateFolder.ts';

const FILE = 'history.json';
/** Above the largest history: 10,000 entries with paths of 1,000 bytes. */
const BYTES_MAX = 16 * 1_024 * 1_024;
/** Limit on entries read from the file, which may have been edited by hand. */
const ENTRIES_MAX = 10_000;

/** The latest time of a Date; sizes and counts are below it too. */
const TIME_MAX_MS = 8.64e15;

/** One entry: which peer took which file. */
interface Entry {
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  readonly peer: {
    readonly peerId: PeerId;
    readonly name: string;
    readonly address: { readonly host: string; readonly port: number };
  };
  readonly bytes: number;
  readonly complete: boolean;
  readonly firstWallMs: number;
  readonly lastWallMs: number;
}

/**
 * The history of uploads in the state folder, the oldest entry first. Invalid entries are skipped. Implements
 * `HistoryStore`.
 */
export class HistoryFile {
  readonly #folder: StateFolder;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  async load(): Promise<readonly Entry[]> {
    const value = await readJson(join(this.#folder.path, FILE), BYTES_MAX);
    return Array.isArray(value) ? value.filter(isEntry).slice(-ENTRIES_MAX) : [];
  }

  /** @throws Error of node:fs */
  save(entries: readonly Entry[]): Promise<void> {
    return writeWhole(join(this.#folder.path, FILE), `${JSON.stringify(entries)}\n`);
  }
}

function isEntry(value: unknown): value is Entry {
  if (!isRecord<keyof Entry>(value) || !isRecord<keyof Entry['peer']>(value.peer)) return false;
  const { peerId, name, address } = value.peer;
  if (!isRecord<'host' | 'port'>(address)) return false;
  const ids = [value.fileId, peerId].every((id) => typeof id === 'string' && isId(id));
  const texts = [value.path, name, address.host].every((text) => typeof text === 'string');
  const numbers = [value.size, value.bytes, value.firstWallMs, value.lastWallMs, address.port];
  return ids && texts && numbers.every(isCount) && typeof value.complete === 'boolean';
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= TIME_MAX_MS;
}

function isRecord<Key extends string>(value: unknown): value is Record<Key, unknown> {
  return typeof value === 'object' && value !== null;
}
