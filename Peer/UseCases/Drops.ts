import { chunkLayout } from '../../Protocol/ChunkLayout.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import { asShoalError, ShoalError } from '../../Shared/ShoalError.ts';
import type { Clock } from '../../Shared/Time/Clock.ts';
import type { News } from '../CommandInterface.ts';
import { type DownloadManager, type DropSender, type DropTask, lastPart } from '../DownloadManager.ts';
import type { DownloadStatus } from '../DownloadModel.ts';
import { DROP_KEPT_MS, type FileManager } from '../FileManager.ts';
import type { NetworkManager } from '../NetworkManager.ts';
import type { PushManager } from '../PushManager.ts';
import type { DropRequest, OpenDrop } from '../ShareModel.ts';

/** Drops of one host, and of all together, that are not in the share yet. */
const PER_HOST_MAX = 8;
const ALL_MAX = 64;
/** Drops in the share that a client may ask about once more; the oldest is evicted. */
const DONE_MAX = 256;

interface Entry {
  readonly host: string;
  readonly number: number;
  readonly task: DropTask;
  readonly inflow: { close(): void };
  state: DownloadStatus['state'];
  /** Stops the timer that removes an interrupted drop. */
  stopTimer: () => void;
}

export interface DropsOptions {
  readonly network: NetworkManager;
  readonly files: Pick<FileManager, 'requireFreeSpace' | 'receive' | 'isLeft'>;
  readonly downloads: DownloadManager;
  readonly pushes: Pick<PushManager, 'consent' | 'takesStrangers'>;
  readonly clock: Clock;
  readonly tell: (kind: News['kind'], text: string) => void;
}

/** Files that clients without a peer id send: offered like a push, received like a download. */
export class Drops {
  readonly #options: DropsOptions;
  readonly #entries = new Map<string, Entry>();
  /** Requests that wait for consent. */
  readonly #asking = new Map<string, AbortController>();

  constructor(options: DropsOptions) {
    this.#options = options;
    options.downloads.on('changed', (download) => this.#changed(download));
  }

  /** Whether clients may offer files. The user of this peer always may. */
  get takesOffers(): boolean {
    return this.#options.pushes.takesStrangers;
  }

  /**
   * Opens a drop, or an interrupted one once more. May wait for the user's answer. An earlier request for the same drop
   * ends.
   * @param gone - called when another request takes over, or the drop is cancelled
   * @throws ShoalError REFUSED, BUSY, TIMEOUT, CANCELLED, DISK_FULL, DISK_FAILED, USAGE
   */
  async open(request: DropRequest, gone: () => void, signal: AbortSignal): Promise<OpenDrop> {
    const key = [request.client.host, request.path, request.size, request.key].join('\n');
    const known = this.#entries.get(key);
    const isOver =
      known === undefined || known.state === 'cancelled' || (known.state === 'done' && request.fresh);
    if (known !== undefined && !isOver && !request.fresh) return this.#join(known, gone);
    if (known !== undefined && !isOver) await this.#options.downloads.cancel(known.number);
    else await this.#admit(key, request, signal);
    const meanwhile = this.#entries.get(key);
    if (meanwhile !== known && meanwhile !== undefined) return this.#join(meanwhile, gone);
    this.#requireRoom(request.client.host);
    const isLeft = !request.fresh && this.#options.files.isLeft({ key });
    const entry = this.#begin(request, key);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#evict();
    return this.#join(entry, gone, isLeft);
  }

  /** Stops all timers; the downloads end with their manager. */
  close(): void {
    for (const { stopTimer } of this.#entries.values()) stopTimer();
  }

  /** Checks bounds and space, then asks for consent, unless it was given in an earlier run. */
  async #admit(key: string, request: DropRequest, signal: AbortSignal): Promise<void> {
    const { pushes, files } = this.#options;
    const { path, size, client, byOwner, attributes } = request;
    const { chunkCount } = layoutOf(size);
    this.#asking.get(key)?.abort();
    this.#requireRoom(client.host);
    await files.requireFreeSpace(size);
    if (byOwner || (pushes.takesStrangers && files.isLeft({ key }))) return;
    const asking = new AbortController();
    this.#asking.set(key, asking);
    try {
      const offer = { fileId: undefined, path, size, chunks: chunkCount, ...attributes };
      await pushes.consent(contactOf(client), offer, AbortSignal.any([signal, asking.signal]));
    } finally {
      if (this.#asking.get(key) === asking) this.#asking.delete(key);
    }
  }

  /** To be called before consent is asked for, and once more after it. @throws ShoalError BUSY */
  #requireRoom(client: string): void {
    const running = [...this.#entries.values()].filter(({ state }) => !isEnded(state));
    const ofHost = running.filter(({ host }) => host === client).length;
    if (ofHost >= PER_HOST_MAX || running.length >= ALL_MAX)
      throw new ShoalError('BUSY', 'this peer receives too many files now', { hint: 'Send it again later.' });
  }

  #begin({ path, size, attributes, client, byOwner, fresh }: DropRequest, key: string): Entry {
    const { downloads, network, files, tell } = this.#options;
    const { host } = client;
    const inflow = network.limits.inflow(host);
    const contact = contactOf(client);
    const { number, task } = downloads.receive({
      storage: files,
      path,
      size,
      attributes,
      identity: { key, fresh },
      client: contact,
      sender: byOwner ? undefined : host,
      take: (bytes) => inflow.take(bytes),
      limit: () => network.limitFor(contact),
    });
    if (!byOwner) tell('push', `taking ${lastPart(path)} from ${host}: download ${number}`);
    return { host, number, task, inflow, state: 'waiting', stopTimer: () => {} };
  }

  /** @param isLeft - bytes of an earlier run are verified first */
  async #join(entry: Entry, gone: () => void, isLeft = false): Promise<OpenDrop> {
    const { task, number } = entry;
    const sender: DropSender = { gone };
    if (entry.state === 'failed') void this.#options.downloads.resume(number);
    await task.attach(sender);
    if (isLeft) await task.opened(sender);
    return {
      get bytes() {
        return task.fetchedBytes;
      },
      write: (piece) => task.write(sender, piece),
      whole: () => task.whole(),
      leave: () => task.detach(sender),
    };
  }

  #changed({ number, state }: DownloadStatus): void {
    const entry = [...this.#entries.values()].find((each) => each.number === number);
    if (entry === undefined) return;
    entry.state = state;
    entry.stopTimer();
    if (isEnded(state)) entry.inflow.close();
    if (state !== 'failed') return;
    entry.stopTimer = this.#options.clock.after(
      DROP_KEPT_MS,
      () => void this.#options.downloads.cancel(number),
    );
  }

  /** Evicts drops that are over: cancelled ones, and the oldest in the share. */
  #evict(): void {
    const done = [...this.#entries].filter(([, { state }]) => state === 'done');
    const over = [...this.#entries].filter(([, { state }]) => state === 'cancelled');
    for (const [key] of [...over, ...done.slice(0, -DONE_MAX)]) this.#entries.delete(key);
  }
}

function isEnded(state: DownloadStatus['state']): boolean {
  return state === 'done' || state === 'cancelled';
}

/** A client has no name: its host is shown. */
function contactOf(client: Address) {
  return { peerId: undefined, name: client.host, address: client };
}

/** @throws ShoalError USAGE */
function layoutOf(size: number) {
  try {
    return chunkLayout(size);
  } catch (failure) {
    throw new ShoalError('USAGE', asShoalError(failure, 'USAGE').message);
  }
}
