import { DownloadManager } from '../Peer/DownloadManager.ts';
import type { DownloadStatus } from '../Peer/DownloadModel.ts';
import type { FileHolder } from '../Peer/Model.ts';
import { PeerLinks } from '../Peer/Network/Links/PeerLinks.ts';
import type { FileDescription } from '../Protocol/FileId.ts';
import type { FileId, InstanceId, PeerId } from '../Protocol/Ids.ts';
import { silentLog } from '../Shared/Log.ts';
import type { SeededRandom } from '../Shared/SeededRandom.ts';
import { sleep } from '../Shared/Time/Clock.ts';
import type { Directory } from './Directory.ts';
import { simulatedSecure } from './SimulatedSecure.ts';
import type { Timeline } from './Timeline.ts';
import { VirtualDisk } from './VirtualDisk.ts';
import { VirtualMemory } from './VirtualMemory.ts';
import type { WireHost } from './Wire.ts';

const PORT = 9_001;

export interface SwarmPeerOptions {
  readonly number: number;
  readonly host: WireHost;
  readonly clock: Timeline;
  readonly random: SeededRandom;
  readonly directory: Directory;
  readonly file: FileDescription;
  readonly role: 'seeder' | 'leecher' | 'liar';
  /** Upload limit in bytes per second; undefined: the line's rate. */
  readonly uploadLimit?: number | undefined;
  /** Called for each peer blamed for corrupt data. */
  readonly blamed: (liar: PeerId) => void;
}

/**
 * One peer of a simulated swarm: the real links, sessions, slots, downloads and scheduler on a simulated line and
 * disk.
 */
export class SwarmPeer {
  readonly options: SwarmPeerOptions;
  readonly holder: FileHolder & { readonly peerId: PeerId };
  readonly links: PeerLinks;
  readonly downloads: DownloadManager;
  readonly disk: VirtualDisk;
  /** Time of completion. */
  doneMs: number | undefined;
  #dead = false;

  constructor(options: SwarmPeerOptions) {
    const { number, host, clock, random, directory, file, role, uploadLimit } = options;
    const { fileId } = file;
    this.options = options;
    this.disk = new VirtualDisk(file, role !== 'leecher');
    this.disk.lies = role === 'liar';
    const self = {
      peerId: number.toString(16).padStart(64, '0') as PeerId,
      instanceId: number.toString(16).padStart(16, '0') as InstanceId,
      name: `${role} ${number}`,
      port: PORT,
    };
    const address = { host: host.ip, port: PORT };
    this.holder = { peerId: self.peerId, name: self.name, address, complete: role !== 'leecher' };
    this.links = new PeerLinks({
      self,
      provider: this.disk,
      dial: host.dial,
      secure: simulatedSecure(self.peerId, host.dial, clock),
      listen: host.listen,
      clock,
      random: random.next,
      randomBytes: (count) => random.bytes(count),
      log: silentLog,
      uploadLimit,
      memory: new VirtualMemory().allocate,
    });
    this.downloads = new DownloadManager({
      network: {
        queries: {
          locate: async (wanted, signal) => {
            await sleep(clock, directory.answerMs(), signal);
            return directory.holders(wanted, self.peerId);
          },
        },
        openSource: async (contact, wanted, events, signal, known) =>
          (await this.links.peer(contact, signal)).openSource(wanted, events, signal, known),
        openBundles: async (contact, bundles, events, signal) =>
          (await this.links.peer(contact, signal)).openBundles(bundles, events),
      },
      parts: this.disk,
      clock,
      wallMs: clock.wallMs,
      random: random.next,
      log: silentLog,
    });
    this.links.on('sourceFound', (found, contact) =>
      this.downloads.addSource(found, { ...contact, complete: false }),
    );
    this.disk.chunkVerified = (chunk) => this.links.announcements.have(fileId, chunk);
    this.downloads.on('partialStarted', () => directory.add(fileId, this.holder));
    this.downloads.on('sourceBlamed', (peer, _path, verdict) => {
      if (peer.peerId === undefined) return;
      options.blamed(peer.peerId);
      if (verdict === 'banned') this.links.ban(peer.peerId, peer.address);
    });
    this.downloads.on('completed', () => {
      this.doneMs ??= clock.nowMs();
    });
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Listens, and starts the download of a leecher. */
  async start(): Promise<void> {
    const { directory, file, role } = this.options;
    await this.links.start({ port: PORT });
    if (role !== 'leecher') {
      directory.add(file.fileId, this.holder);
      return;
    }
    const holders = directory.holders(file.fileId, this.holder.peerId);
    this.downloads.add({ fileId: file.fileId, size: file.layout.size, path: 'file', holders });
  }

  status(): DownloadStatus | undefined {
    return this.downloads.list()[0];
  }

  /** Switches the peer off without a goodbye. */
  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.options.directory.remove(this.options.file.fileId, this.holder.peerId);
    this.options.host.kill();
    void this.downloads.close();
    void this.links.close();
  }

  holds(fileId: FileId): number {
    const held = this.disk.holdings(fileId);
    return held === 'all' ? this.options.file.layout.chunkCount : (held?.count ?? 0);
  }
}
