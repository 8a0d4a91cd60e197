import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assemblePeer, reserve } from '../../Peer/Assembly.ts';
import type { Peer } from '../../Peer/Peer.ts';
import type { Settings } from '../../Peer/Settings/CommandLine.ts';
import { StateFolder } from '../../Peer/State/StateFolder.ts';
import { silentLog } from '../../Shared/Log.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { Churn } from './Churn.ts';

const SETTINGS: Omit<Settings, 'trackers' | 'name'> = {
  port: { first: 24_000, last: 24_999 },
  share: undefined,
  uploadLimit: undefined,
  downloadLimit: undefined,
  maxDownloads: undefined,
  accept: 'none',
  discovery: false,
  sendfile: true,
  unlisted: false,
  mapPort: false,
  console: false,
  verbose: false,
  http: 'off',
  history: false,
};

/** A peer of the trial, with the churn of its share. */
export class SoakPeer {
  readonly share: string;
  readonly churn: Churn;
  readonly #root: string;
  readonly #settings: Settings;
  #peer: Peer | undefined;
  #close: () => Promise<void> = async () => {};

  /** @param root - its share and state are folders below */
  constructor(root: string, index: number, trackers: readonly Address[], random: SeededRandom) {
    this.share = join(root, `share ${index}`);
    this.churn = new Churn(this.share, new SeededRandom(random.int(0, 2 ** 31)));
    this.#root = root;
    this.#settings = { ...SETTINGS, trackers, name: `peer ${index}` };
  }

  get peer(): Peer {
    if (this.#peer === undefined) throw new Error('the peer of the trial was not started');
    return this.#peer;
  }

  /** Starts the peer, also again: at another port, with the same id. */
  async start(): Promise<void> {
    await mkdir(this.share, { recursive: true });
    const state = new StateFolder(this.share, silentLog, join(this.#root, 'state'));
    await state.start();
    const port = await reserve(this.#settings, silentLog);
    const place = { port, shareDir: this.share, state, giveUpMs: undefined, guest: true };
    const peer = await assemblePeer(this.#settings, silentLog, place);
    this.#peer = peer;
    this.#close = async () => {
      await peer.close();
      await port.release();
      await state.close();
    };
    await peer.start({ signal: new AbortController().signal });
  }

  async close(): Promise<void> {
    const close = this.#close;
    this.#close = async () => {};
    await close();
  }
}
