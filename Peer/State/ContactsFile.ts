import { isIP } from 'node:net';
import { isId, type PeerId } from '../../Protocol/Ids.ts';
import { type Address, formatAddress, isDialable, parseHostPort } from '../../Shared/Network/Address.ts';
import type { StateFolder } from './StateFolder.ts';

/** Limits on entries read from the file, which may have been edited by hand. */
const TRACKERS_MAX = 16;
const PEERS_MAX = 50;

export interface RememberedContacts {
  readonly trackers: readonly Address[];
  readonly peers: readonly { peerId: PeerId; address: Address }[];
}

/**
 * Addresses of trackers and peers that answered, kept between runs. Invalid entries are skipped. Implements
 * `ContactStore`.
 */
export class ContactsFile {
  readonly #folder: StateFolder;
  readonly #file: string;

  /** @param network - id of a private network, which has contacts of its own */
  constructor(folder: StateFolder, network?: string) {
    this.#folder = folder;
    this.#file = network === undefined ? 'places.json' : `places-${network}.json`;
  }

  async load(): Promise<RememberedContacts> {
    const { trackers, peers } = await this.#folder.read(this.#file);
    return {
      trackers: asList(trackers).flatMap(readAddress).slice(0, TRACKERS_MAX),
      peers: asList(peers).flatMap(readPeer).slice(0, PEERS_MAX),
    };
  }

  /** @throws Error of node:fs */
  save({ trackers, peers }: RememberedContacts): Promise<void> {
    return this.#folder.write(this.#file, {
      trackers: trackers.map(formatAddress),
      peers: peers.map(({ peerId, address }) => ({ id: peerId, address: formatAddress(address) })),
    });
  }
}

function readPeer(value: unknown): RememberedContacts['peers'][number][] {
  const { id, address } = (value ?? {}) as { readonly id?: unknown; readonly address?: unknown };
  if (typeof id !== 'string' || !isId(id)) return [];
  return readAddress(address).map((at) => ({ peerId: id as PeerId, address: at }));
}

function readAddress(value: unknown): Address[] {
  try {
    if (typeof value !== 'string') return [];
    const address = parseHostPort(value, 0);
    return isIP(address.host) > 0 && isDialable(address) ? [address] : [];
  } catch {
    return [];
  }
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
