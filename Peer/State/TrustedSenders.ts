import { isId, type PeerId } from '../../Protocol/Ids.ts';
import type { StateFolder } from './StateFolder.ts';

const FILE = 'trusted.json';
/** Limit on entries read from the file, which may have been edited by hand. */
const PEERS_MAX = 10_000;

/**
 * Peers whose pushes are always accepted, kept between runs. Invalid entries are skipped. Implements
 * `TrustedSenders`.
 */
export class TrustedSendersFile {
  readonly #folder: StateFolder;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  async load(): Promise<readonly PeerId[]> {
    const { peers } = await this.#folder.read(FILE);
    if (!Array.isArray(peers)) return [];
    return peers.slice(0, PEERS_MAX).filter((id): id is PeerId => typeof id === 'string' && isId(id));
  }

  /** @throws Error of node:fs */
  save(peers: readonly PeerId[]): Promise<void> {
    return this.#folder.write(FILE, { peers: peers.slice(-PEERS_MAX) });
  }
}
