import { generateKeyPairSync } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect as tlsConnect } from 'node:tls';
import { expect } from 'vitest';
import { QUIET_MS } from '../../bench/Programs/LaunchedProgram.ts';
import { certificateOf } from '../../Peer/State/Certificate.ts';
import { type FileId, newInstanceId, type PeerId } from '../../Protocol/Ids.ts';
import { CONTROL_ALPN } from '../../Protocol/Limits.ts';
import { encodeControl, PROTOCOL_VERSION } from '../../Protocol/PeerMessages.ts';
import { NO_TOKEN } from '../../Protocol/PeerProof.ts';
import { decodeReply, encodeRequest, type TrackerRequest } from '../../Protocol/TrackerMessages.ts';
import { someBytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';
import { eventually, type TestPeer } from '../Support/TestPeer.ts';

const SONG = someBytes(92, 300_000);

/** Opens a link with a key of its own and says hello with the id of another peer, then offers a file. */
async function offerAs(peerId: PeerId, to: TestPeer): Promise<Buffer> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const socket = tlsConnect({
    port: to.port,
    host: '127.0.0.1',
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: certificateOf(privateKey),
    ALPNProtocols: [CONTROL_ALPN],
    minVersion: 'TLSv1.3',
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  const answers: Buffer[] = [];
  socket.on('data', (bytes) => answers.push(bytes)).on('error', () => {});
  const hello = {
    version: PROTOCOL_VERSION,
    peerId,
    instanceId: newInstanceId(Date.now(), 1),
    name: 'friend',
    port: 9_999,
    features: 0,
  };
  const offer = {
    requestId: 1,
    fileId: 'ab'.repeat(32) as FileId,
    size: 5,
    path: 'malware.exe',
    chunks: 1,
  };
  socket.write(
    Buffer.concat([
      encodeControl({ type: 'hello', ...hello }),
      encodeControl({ type: 'offer', ...offer }),
      encodeControl({ type: 'haveAll', fileId: offer.fileId }),
    ]),
  );
  await once(socket, 'close');
  return Buffer.concat(answers);
}

async function idOf(peer: TestPeer): Promise<PeerId> {
  return (await peer.answer('whoami')).id as PeerId;
}

async function friends(lan: TestLan) {
  const anna = await lan.peer('anna', { args: ['--accept', 'ask'] });
  const friend = await lan.seeder('friend', { files: { 'first.bin': SONG, 'second.bin': SONG.subarray(1) } });
  await eventually('friend sees anna', async () =>
    (await friend.items('peers')).some(({ name }) => name === 'anna'),
  );
  const sent = friend.answer('send first.bin anna');
  await anna.program.line(/accept 1/, { output: 'stderr' });
  await anna.items('accept 1 --always');
  expect((await sent).ok).toBe(true);
  return { anna, friend };
}

test.concurrent('somebody with the id of a friend gets no right of the friend, no ban for it, and not its link', async ({
  lan,
}) => {
  const { anna, friend } = await friends(lan);
  const id = await idOf(friend);
  for (let attempt = 0; attempt < 4; attempt++)
    // It is closed before the hello of anna, with `bye protocol` at most.
    expect((await offerAs(id, anna)).length).toBeLessThan(20);
  expect((await anna.answer('downloads')).items?.map(({ name }) => name) ?? []).not.toContain('malware.exe');
  const { network } = (await anna.answer('status')) as unknown as { network: { violations: number } };
  expect(network.violations).toBeGreaterThanOrEqual(4);
  // The friend is neither banned nor disconnected: its pushes are accepted without a question.
  expect((await anna.items('peers')).find((peer) => peer.id === id)).toMatchObject({ port: friend.port });
  await friend.items('send second.bin anna');
  expect(await anna.files()).toContain('second.bin');
});

test.concurrent('somebody with the id of a registered peer gets its place at the tracker neither by a new instance nor by leaving', async ({
  lan,
}) => {
  const anna = await lan.seeder('anna', { files: { 'song.bin': SONG } });
  const berta = await lan.peer('berta');
  const peerId = await idOf(anna);
  const beat = {
    type: 'heartbeat',
    peerId,
    instanceId: newInstanceId(Date.now() + 60_000, 1),
    port: 9_999,
    name: 'anna',
    catalogVersion: 0,
    files: 0,
    bytes: 0,
    uploads: 0,
    token: NO_TOKEN,
    queryToken: '1122334455667788',
    unlisted: false,
  } as const;
  const ask = await asker(await lan.tracker());
  expect((await ask(beat)).type).toBe('unproven');
  const proof = { publicKey: '11'.repeat(32), signature: '22'.repeat(64) };
  expect(await ask({ ...beat, proof })).toMatchObject({ type: 'refused' });
  const { instanceId } = beat;
  await ask({ type: 'leave', peerId, instanceId, token: NO_TOKEN });
  await ask({ type: 'leave', peerId, instanceId, token: 'a1a2a3a4a5a6a7a8' });
  const [listed] = (await berta.items('peers')).filter(({ name }) => name === 'anna');
  expect(listed).toMatchObject({ id: peerId, port: anna.port, files: 1 });
  await berta.items('download song.bin');
  expect(SONG.equals(await berta.read('song.bin'))).toBe(true);
});

/** Sends requests to a tracker from one socket, as a registered or unregistered sender. */
async function asker(tracker: string): Promise<(request: TrackerRequest) => Promise<{ type: string }>> {
  const port = Number(tracker.split(':').at(-1));
  const socket = createSocket('udp4');
  let transaction = 0;
  const send = async (connectionId: string, request: TrackerRequest) => {
    transaction++;
    socket.send(encodeRequest(connectionId, transaction, request), port, '127.0.0.1');
    const silence = AbortSignal.timeout(QUIET_MS);
    const [bytes] = (await once(socket, 'message', { signal: silence })) as [Buffer];
    return decodeReply(bytes).reply;
  };
  const connected = await send('0'.repeat(16), { type: 'connect' });
  const connectionId = connected.type === 'connected' ? connected.connectionId : '';
  socket.unref();
  return (request) => send(connectionId, request);
}
