import type { KnownContact, PeerContact, UploadStatus } from '../../../Peer/Model.ts';
import type { PushNetwork } from '../../../Peer/Pushes/Ports.ts';
import { PushManager, type PushManagerOptions } from '../../../Peer/PushManager.ts';
import type { Offer } from '../../../Peer/PushModel.ts';
import type { OfferEvents } from '../../../Peer/Transfer.ts';
import { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

export const MIB = 1_048_576;
export const patient = new AbortController().signal;

export function fileIdOf(number: number): FileId {
  return number.toString(16).padStart(64, 'f') as FileId;
}

export function peerOf(number: number): KnownContact {
  const peerId = number.toString(16).padStart(64, '0') as PeerId;
  return { peerId, name: `peer ${number}`, address: { host: '10.0.0.1', port: 9_000 + number } };
}

export function offerOf(number: number, size = 3 * MIB, chunks = Math.ceil(size / MIB)): Offer {
  return { fileId: fileIdOf(number), size, path: `file ${number}.bin`, chunks };
}

/** A sent offer; the test acts as the receiver. */
interface Sent {
  readonly peer: PeerContact;
  readonly offer: Offer;
  readonly events: OfferEvents;
  confirmed: Bitfield | undefined;
  withdrawn: boolean;
}

/** Records its calls: `accept 1 7`, `refuse 1 7 denied`, `finish 1 whole`, with peer and request. */
class FakePushNetwork implements PushNetwork {
  readonly told: string[] = [];
  readonly sent: Sent[] = [];
  unreachable = false;
  serving: UploadStatus[] = [];

  readonly offers = {
    offer: async (peer: PeerContact, offer: Offer, chunkCount: number, events: OfferEvents) => {
      if (this.unreachable) throw new ShoalError('UNREACHABLE', 'nobody answers');
      const sent: Sent = { peer, offer, events, confirmed: new Bitfield(chunkCount), withdrawn: false };
      this.sent.push(sent);
      return {
        get confirmed() {
          return sent.confirmed;
        },
        withdraw: () => {
          sent.withdrawn = true;
        },
      };
    },
    accept: (peerId: PeerId, requestId: number) =>
      void this.told.push(`accept ${Number(`0x${peerId}`)} ${requestId}`),
    refuse: (peerId: PeerId, requestId: number, code: string) =>
      void this.told.push(`refuse ${Number(`0x${peerId}`)} ${requestId} ${code}`),
    finish: (peerId: PeerId, _fileId: FileId, code: string | undefined) =>
      void this.told.push(`finish ${Number(`0x${peerId}`)} ${code ?? 'whole'}`),
  };

  readonly links = { uploads: () => this.serving };

  takeTold(): string[] {
    return this.told.splice(0);
  }
}

/** A PushManager on fakes; `news` records its news. */
export async function desk(change: Partial<PushManagerOptions> = {}) {
  const clock = new SimulatedClock();
  const network = new FakePushNetwork();
  const held = new Map<FileId, Bitfield | 'all'>();
  const store = { peers: [] as PeerId[] };
  const pushes = new PushManager({
    network,
    files: { holdings: (fileId) => held.get(fileId) },
    policy: 'ask',
    trusted: {
      load: async () => store.peers,
      save: async (peers) => {
        store.peers = [...peers];
      },
    },
    clock,
    wallMs: clock.wallMs,
    log: silentLog,
    ...change,
  });
  const news: string[] = [];
  pushes.on('asked', ({ number, path }) => news.push(`asked ${number} ${path}`));
  pushes.on('expired', ({ number }) => news.push(`expired ${number}`));
  pushes.on('accepted', (peer, { path }) => news.push(`accepted ${path} of ${peer.name}`));
  pushes.on('ended', ({ number, state }) => news.push(`ended ${number} ${state}`));
  await pushes.start();
  return { clock, network, held, store, pushes, news };
}
