import type { InstanceId } from '../../Protocol/Ids.ts';
import { peerIdOf } from '../../Protocol/PeerKey.ts';
import { proveWith } from '../../Protocol/PeerProof.ts';
import type { RequestOf } from '../../Protocol/TrackerMessages.ts';
import { ask, cookieFor, register, socketTo } from './Asking.ts';
import { fileIdOf, hostOf, keyOf, nameOf } from './Names.ts';

/**
 * Program: `node Crowd.js <port> <peers> <names each> [number of the first]`. The peers, each at an address of its own, join and publish;
 * then it prints the number of peers known to the tracker. It runs twice: in a small crowd the first peers' leases
 * last only seconds.
 */
const AT_ONCE = 64;
const ENTRIES_PER_PAGE = 12;
const UDP_PORT = 20_000;
const instanceId = '0000000000000001' as InstanceId;

const [port = 0, peers = 0, names = 0, first = 0] = process.argv.slice(2).map(Number);
await everybody((peer) => meet(first + peer, 0));
await everybody((peer) => meet(first + peer, names));
process.stdout.write(`${await meet(first, 0)}\n`);

async function everybody(one: (peer: number) => Promise<number>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < peers) await one(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Registers one peer and publishes `count` names. @returns the number of peers known to the tracker */
async function meet(peer: number, count: number): Promise<number> {
  const socket = await socketTo(port, hostOf(peer), UDP_PORT);
  try {
    const cookie = await cookieFor(socket);
    const key = keyOf(peer);
    const me = { peerId: peerIdOf(key), instanceId };
    const beat = { ...me, ...beatOf(peer, count > 0 ? 1 : 0) };
    const { token, peers: known } = await register(socket, cookie, beat, proveWith(key));
    const pages = Math.ceil(count / ENTRIES_PER_PAGE);
    for (let page = 0; page < pages; page++)
      await ask(socket, cookie, { ...me, token, ...pageOf(peer, count, page, pages) });
    return known;
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve));
  }
}

type Identity = 'peerId' | 'instanceId' | 'token';

function beatOf(peer: number, catalogVersion: number): Omit<RequestOf<'heartbeat'>, Identity> {
  return {
    type: 'heartbeat',
    port: 9_000 + (peer % 1_000),
    name: `peer ${peer}`,
    catalogVersion,
    files: names,
    bytes: names * 1_000_000,
    uploads: 0,
    queryToken: '0011223344556677',
    unlisted: false,
  };
}

function pageOf(
  peer: number,
  count: number,
  page: number,
  pages: number,
): Omit<RequestOf<'publish'>, Identity> {
  const first = page * ENTRIES_PER_PAGE;
  const entries = Array.from({ length: Math.min(ENTRIES_PER_PAGE, count - first) }, (_, at) => {
    const path = nameOf(peer, first + at);
    return { kind: 'file', path, size: 1_000_000, fileId: fileIdOf(path) } as const;
  });
  return { type: 'publish', version: 1, base: 0, page, pages, entries };
}
