import type { SourceNetwork } from '../../../Peer/Downloads/Ports.ts';
import type { FileHolder, PeerContact } from '../../../Peer/Model.ts';
import type { Source, SourceEvents } from '../../../Peer/Transfer.ts';
import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { type Clock, sleep } from '../../../Shared/Time/Clock.ts';
import { FakeBundles } from './FakeBundles.ts';
import { FakePeer, FakeSource, fakeDescription } from './FakePeer.ts';

/** Reachable peers, and a tracker that knows some of them. */
export class FakeNetwork implements SourceNetwork {
  readonly clock: Clock;
  readonly peers: FakePeer[] = [];
  readonly sizes = new Map<FileId, number>();
  /** Chunk lists to verify bytes with. Without one, all bytes are zero and none is hashed. */
  readonly descriptions = new Map<FileId, FileDescription>();
  /** Holders that the tracker names. */
  readonly located: FakePeer[] = [];
  /** All sources of bundles that were opened. */
  readonly bundles: FakeBundles[] = [];
  locates = 0;
  opens = 0;
  latencyMs = 1;
  probe: (contact: PeerContact) => void = () => {};

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Adds a peer, by default one of 10 MB/s. */
  peer(bytesPerSecond = 10e6): FakePeer {
    const peer = new FakePeer(this.clock, this.peers.length + 1, bytesPerSecond);
    this.peers.push(peer);
    return peer;
  }

  readonly queries = {
    locate: async (fileId: FileId): Promise<readonly FileHolder[]> => {
      this.locates++;
      return this.located.filter((peer) => peer.files.has(fileId)).map(({ holder }) => holder);
    },
  };

  async openBundles(
    contact: PeerContact,
    have: Bitfield,
    events: SourceEvents,
    signal: AbortSignal,
  ): Promise<Source> {
    await sleep(this.clock, this.latencyMs, signal);
    const peer = this.peers.find(({ holder }) => holder.peerId === contact.peerId);
    if (signal.aborted) throw new ShoalError('CANCELLED', 'closing');
    if (!peer?.reachable) throw new ShoalError('UNREACHABLE', 'does not answer');
    const bundles = new FakeBundles(peer, have, events);
    this.bundles.push(bundles);
    return bundles;
  }

  async openSource(
    contact: PeerContact,
    fileId: FileId,
    events: SourceEvents,
    signal: AbortSignal,
    known?: 'complete',
  ): Promise<Source> {
    this.opens++;
    if (known === undefined || this.opens === 1) await sleep(this.clock, this.latencyMs, signal);
    const peer = this.peers.find(({ holder }) => holder.peerId === contact.peerId);
    if (signal.aborted) throw new ShoalError('CANCELLED', 'closing');
    if (!peer?.reachable) throw new ShoalError('UNREACHABLE', 'does not answer');
    if (known === undefined && !peer.files.has(fileId)) throw new ShoalError('NOT_FOUND', 'has it not');
    const description = this.descriptions.get(fileId) ?? fakeDescription(fileId, this.sizes.get(fileId) ?? 0);
    return new FakeSource(peer, description, events);
  }
}
