import type { FileId, InstanceId, PeerId } from '../../../Protocol/Ids.ts';
import type { BusRecord } from '../../../Tracker/Cluster/BusRecords.ts';

/** The values of the golden bytes in test/Golden/bus-v1.hex: one of each record. */

const counted = (first: number) =>
  Buffer.from(Array.from({ length: 32 }, (_, index) => first + index)).toString('hex');
const peerId = counted(0x01) as PeerId;
const fileId = counted(0x40) as FileId;
const from = '018bcfe56800beef' as InstanceId;
const asked = { from, question: 0x0102_0304 };
const address = { host: '192.168.1.20', port: 9_001 };
const holder = { peerId, name: 'Café', address, onTrackerHost: false, complete: true };

export const recordExamples: { [T in BusRecord['type']]: Extract<BusRecord, { type: T }> } = {
  announce: {
    type: 'announce',
    from,
    address: { host: '192.168.1.10', port: 6_881 },
    peers: 12,
    files: 3_400,
    joins: true,
    leaves: false,
  },
  search: { type: 'search', ...asked, words: 'film' },
  locate: { type: 'locate', ...asked, fileId },
  peers: { type: 'peers', ...asked, cursor: 65 },
  folder: { type: 'folder', ...asked, path: 'films/2024', cursor: 0 },
  call: { type: 'call', ...asked, target: counted(0x80) as PeerId, caller: peerId, address },
  found: {
    type: 'found',
    ...asked,
    part: 1,
    isLast: true,
    total: 7,
    hits: [{ fileId, size: 734_003_200, path: 'a film.mkv', holderCount: 9, holders: [holder] }],
  },
  located: {
    type: 'located',
    ...asked,
    part: 0,
    isLast: false,
    total: 70,
    size: 734_003_200,
    holders: [{ ...holder, size: 1_048_577 }],
  },
  listed: {
    type: 'listed',
    ...asked,
    total: 2,
    next: 66,
    peers: [{ peerId, name: 'Café', address, onTrackerHost: false, files: 3, bytes: 5_000_000_000 }],
  },
  calling: { type: 'calling', ...asked, known: true },
};
