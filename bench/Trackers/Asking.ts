import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { NO_TOKEN, type Prove } from '../../Protocol/PeerProof.ts';
import {
  decodeReply,
  encodeRequest,
  type ReplyOf,
  type RequestOf,
  type TrackerReply,
  type TrackerRequest,
} from '../../Protocol/TrackerMessages.ts';

const ATTEMPTS = 40;
const RETRY_MS = 250;
/** Transaction id of the next request. */
let transaction = 0;

/** Opens a UDP socket at `host`, connected to the tracker at this port of loopback. */
export async function socketTo(port: number, host: string, from = 0): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).bind(from, host, () => socket.connect(port, '127.0.0.1', resolve));
  });
  return socket;
}

/** Repeats a datagram until an answer arrives. @throws Error after 10 s */
async function answerTo(socket: Socket, request: Buffer): Promise<Buffer> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve));
    socket.send(request);
    const waiting = new AbortController();
    const retry = sleep(RETRY_MS, undefined, { signal: waiting.signal }).catch(() => undefined);
    const reply = await Promise.race([answer, retry]);
    waiting.abort();
    socket.removeAllListeners('message');
    if (reply !== undefined) return reply;
  }
  throw new Error('the tracker does not answer');
}

export async function ask(socket: Socket, cookie: string, request: TrackerRequest): Promise<TrackerReply> {
  const number = ++transaction;
  const sent = encodeRequest(cookie, number, request);
  for (;;) {
    const { transactionId, reply } = decodeReply(await answerTo(socket, sent));
    if (transactionId === number) return reply; // A duplicate of an earlier answer.
  }
}

/**
 * Registers a peer, or renews its lease, by a proof of its key.
 * @returns the answer, and the token for later requests
 */
export async function register(
  socket: Socket,
  cookie: string,
  beat: Omit<RequestOf<'heartbeat'>, 'token'>,
  prove: Prove,
): Promise<ReplyOf<'alive'> & { token: string }> {
  const challenge = await ask(socket, cookie, { ...beat, token: NO_TOKEN });
  if (challenge.type !== 'unproven') throw new Error(`a heartbeat was answered by ${challenge.type}`);
  const { peerId, instanceId, port } = beat;
  const { trackerInstance } = challenge;
  const proof = prove({ trackerInstance, connectionId: cookie, peerId, instanceId, port });
  const reply = await ask(socket, cookie, { ...beat, token: NO_TOKEN, proof });
  if (reply.type !== 'alive' || reply.token === undefined)
    throw new Error(`a proof was answered by ${JSON.stringify(reply)}`);
  return { ...reply, token: reply.token };
}

/** Requests a connection id for this socket. */
export async function cookieFor(socket: Socket): Promise<string> {
  const reply = await ask(socket, '', { type: 'connect' });
  if (reply.type !== 'connected') throw new Error(`the tracker answered ${reply.type}`);
  return reply.connectionId;
}
