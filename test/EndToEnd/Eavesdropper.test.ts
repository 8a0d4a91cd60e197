import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as tcpConnect } from 'node:net';
import { expect } from 'vitest';
import { freePort } from '../Support/launch.ts';
import { newInvite, someMebibytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';
import { eventually } from '../Support/TestPeer.ts';

const FILM = someMebibytes(91, 4);
const NAME = 'quarterly-figures';

/** All bytes that a listener sees between anna and her tracker, and between anna and berta. */
async function listened(lan: TestLan, args: readonly string[]) {
  const udpPort = await freePort();
  const tracker = await lan.launcher.tracker(['--host', '127.0.0.1', '--port', String(udpPort), ...args]);
  await tracker.line(/^127\.0\.0\.1:\d+$/);
  const datagrams = await forwardDatagrams(lan, udpPort);
  const anna = await lan.seeder('anna-of-accounting', {
    tracker: `127.0.0.1:${datagrams.port}`,
    files: { [`${NAME}.bin`]: FILM },
    args: ['--network', ...(args.length > 0 ? args.slice(1) : ['open'])],
  });
  const connections = await forwardConnections(lan, anna.port);
  const berta = await lan.peer('berta-of-sales', {
    tracker: undefined,
    args: ['--network', ...(args.length > 0 ? args.slice(1) : ['open'])],
  });
  await berta.answer(`connect 127.0.0.1:${connections.port}`);
  await eventually('it is found', async () => (await berta.answer(`search ${NAME}`)).items?.length === 1);
  const [found] = await berta.items(`search ${NAME}`);
  await berta.items(`download ${NAME}.bin`);
  expect(FILM.equals(await berta.read(`${NAME}.bin`))).toBe(true);
  const fileId = String(found?.id);
  const seen = [Buffer.concat(datagrams.seen), Buffer.concat(connections.seen)];
  return { seen, fileId };
}

/** Those of the texts that a listener finds. */
function findings(seen: readonly Buffer[], { fileId }: { readonly fileId: string }): string[] {
  const wanted: readonly (readonly [string, Buffer])[] = [
    ['the name of the file', Buffer.from(NAME)],
    ['a name of a peer', Buffer.from('anna-of-accounting')],
    ['a name of a peer', Buffer.from('berta-of-sales')],
    ['the name of the network', Buffer.from('lab 3')],
    ['the id of the file', Buffer.from(fileId, 'hex')],
    ['the id of the file in text', Buffer.from(fileId.slice(0, 16))],
    ...Array.from({ length: 64 }, (_, index): readonly [string, Buffer] => {
      const at = index * 60_000 + 17;
      return ['content', FILM.subarray(at, at + 24)];
    }),
  ];
  return [
    ...new Set(wanted.flatMap(([what, bytes]) => (seen.some((each) => each.includes(bytes)) ? [what] : []))),
  ];
}

test.concurrent('a listener on the way sees nothing of a private transfer: names, ids, contents', async ({
  lan,
}) => {
  const { seen, fileId } = await listened(lan, ['--network', newInvite()]);
  expect(Buffer.concat(seen).length).toBeGreaterThan(FILM.length);
  expect(findings(seen, { fileId })).toEqual([]);
});

test.concurrent('in the open network it sees contents and what the tracker is sent, but not what links say', async ({
  lan,
}) => {
  const { seen, fileId } = await listened(lan, []);
  const [datagrams = expect.fail(), connections = expect.fail()] = seen;
  expect(findings([datagrams], { fileId })).toEqual([
    'the name of the file',
    'a name of a peer',
    'the id of the file',
  ]);
  // Requests for chunks name the id, on lanes.
  expect(findings([connections], { fileId })).toEqual(['the id of the file', 'content']);
});

/** Relays TCP connections, both ways, and records their bytes. */
async function forwardConnections(lan: TestLan, target: number) {
  const seen: Buffer[] = [];
  const server = createServer((from) => {
    const to = tcpConnect(target, '127.0.0.1');
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('data', (bytes) => seen.push(bytes));
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  lan.onClose(async () => server.close());
  return { port: (server.address() as AddressInfo).port, seen };
}

/** Relays datagrams between one peer and a tracker, and records them. */
async function forwardDatagrams(lan: TestLan, target: number) {
  const seen: Buffer[] = [];
  const [front, back] = [createSocket('udp4'), createSocket('udp4')];
  let peer: RemoteInfo | undefined;
  front.on('message', (bytes, from) => {
    peer = from;
    seen.push(bytes);
    back.send(bytes, target, '127.0.0.1');
  });
  back.on('message', (bytes) => {
    seen.push(bytes);
    if (peer !== undefined) front.send(bytes, peer.port, peer.address);
  });
  front.bind(0, '127.0.0.1');
  await once(front, 'listening');
  lan.onClose(async () => {
    front.close();
    back.close();
  });
  return { port: front.address().port, seen };
}
