import type { KnownContact, PeerContact } from '../../../Peer/Model.ts';
import type { LinkedPeer } from '../../../Peer/Network/Links/Link/LinkedPeer.ts';
import { PeerLinks, type PeerLinksOptions } from '../../../Peer/Network/Links/PeerLinks.ts';
import type { ChunkOutcome, Source, SourceEvents } from '../../../Peer/Transfer.ts';
import { chunkLength } from '../../../Protocol/ChunkLayout.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { FileId, InstanceId, PeerId } from '../../../Protocol/Ids.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { simulatedSecure } from '../../../Simulator/SimulatedSecure.ts';
import type { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { type MemoryPart, MemoryShare } from './MemoryShare.ts';

export const patient = new AbortController().signal;

export const peerIdOf = (number: number) => number.toString(16).padStart(64, '0') as PeerId;
export const instanceOf = (number: number) => number.toString(16).padStart(16, '0') as InstanceId;

export interface Node {
  readonly links: PeerLinks;
  readonly share: MemoryShare;
  readonly contact: KnownContact;
}

/** A started peer on a host of its own, 10.0.0.`number`, port 9000 + `number`. */
export async function startNode(
  network: SimulatedNetwork,
  number: number,
  change: Partial<PeerLinksOptions> & { readonly host?: string } = {},
): Promise<Node> {
  const { host = `10.0.0.${number}`, ...options } = change;
  const { dial, listen } = network.host(host);
  const port = 9_000 + number;
  const random = new SeededRandom(number);
  const share = new MemoryShare();
  const self = { peerId: peerIdOf(number), instanceId: instanceOf(number), name: `peer ${number}`, port };
  const links = new PeerLinks({
    self,
    provider: share,
    dial,
    secure: simulatedSecure((options.self ?? self).peerId, options.dial ?? dial, network.clock),
    listen,
    clock: network.clock,
    random: random.next,
    randomBytes: (count) => random.bytes(count),
    log: silentLog,
    ...options,
  });
  await links.start({ port });
  return { links, share, contact: { peerId: self.peerId, name: self.name, address: { host, port } } };
}

/** Recorded source events. */
export function watcher() {
  const seen = { haves: 0, bytes: 0, places: [] as number[], left: [] as string[], turns: [] as number[] };
  const events: SourceEvents = {
    haveChanged: () => {
      seen.haves++;
    },
    received: (bytes) => {
      seen.bytes += bytes;
    },
    queued: (place) => {
      seen.places.push(place);
    },
    turn: (bytes) => {
      seen.turns.push(bytes);
    },
    left: (reason) => {
      seen.left.push(reason.code);
    },
  };
  return { seen, events };
}

export function open(from: Node, to: Node, fileId: FileId, events = watcher().events): Promise<Source> {
  return openAt(from.links, to.contact, fileId, events, patient);
}

export async function openAt(
  links: PeerLinks,
  contact: PeerContact,
  ...wanted: Parameters<LinkedPeer['openSource']>
): Promise<Source> {
  return (await links.peer(contact, wanted[2])).openSource(...wanted);
}

/** Files of a peer below a folder, in pages. */
export async function* listAt(links: PeerLinks, contact: PeerContact, folder: string) {
  yield* (await links.peer(contact, patient)).listFiles(folder, patient);
}

/** Requests all chunks at once. */
export function requestAll(
  source: Source,
  { layout }: FileDescription,
  part: MemoryPart,
): Promise<ChunkOutcome[]> {
  return Promise.all(
    Array.from({ length: layout.chunkCount }, (_, chunk) =>
      source.request(chunk, chunkLength(layout, chunk), part.writer(chunk)),
    ),
  );
}

export async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}
