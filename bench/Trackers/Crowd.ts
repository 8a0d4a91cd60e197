import { peerIdOf } from '../../Protocol/PeerKey.ts';
import { proveWith } from '../../Protocol/PeerProof.ts';
import { ask, cookieFor, register, socketTo } from './Asking.ts';
import { hostOf, keyOf } from './Names.ts';
import { beatOf, INSTANCE, pagesOf } from './Publication.ts';

/**
 * Program: `node Crowd.js <port> <peers> <names each> [number of the first]`. The peers, each at an address of its
 * own, join and publish; then it prints the number of peers known to the tracker. It runs twice: in a small crowd the
 * first peers' leases last only seconds.
 */
const AT_ONCE = 64;
const UDP_PORT = 20_000;

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
    const me = { peerId: peerIdOf(key), instanceId: INSTANCE };
    const beat = { ...me, ...beatOf(peer, count) };
    const { token, peers: known } = await register(socket, cookie, beat, proveWith(key));
    for (const page of pagesOf(peer, count)) await ask(socket, cookie, { ...me, token, ...page });
    return known;
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve));
  }
}
