import { expect, test } from 'vitest';
import { hashBytes } from '../../../Protocol/FileId.ts';
import { FrameDecoder } from '../../../Protocol/FrameDecoder.ts';
import {
  type ControlMessage,
  encodeControl,
  encodeLane,
  encodePreamble,
  PREAMBLE_BYTES,
} from '../../../Protocol/PeerMessages.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { seeds } from '../../Support/seeds.ts';
import { collect, listAt, open, openAt, patient, peerIdOf, requestAll, startNode } from './links.ts';
import { MemoryPart } from './MemoryShare.ts';
import { greeting, handshake, hello, Stranger, victim } from './Stranger.ts';

test.each([
  ['a method that HTTP does not have', Buffer.from('GOT / HTTP/1.1\r\n')],
  ['the beginning of a preamble, and then something else', Buffer.from('SHOAP')],
  ['one wrong byte', Buffer.from('X')],
  ['version 0', Buffer.from('SHOAL\x00C\x00', 'latin1')],
  ['another kind', Buffer.from('SHOAL\x02?\x00', 'latin1')],
  ['a lane of another version', Buffer.from('SHOAL\x01L\x00', 'latin1')],
])('a connection of another protocol is closed without a byte: %s', async (_what, bytes) => {
  const { stranger, close, node } = await victim();
  const foreign = await stranger();
  await foreign.send(bytes);
  expect(foreign.closed).toBe(true);
  expect(foreign.bytes).toHaveLength(0);
  expect(node.links.counters.foreignConnections).toBe(1);
  await close();
});

test.each([
  [1, '0000000114'.concat('04'), 'protocol', 'runs an older Shoal (protocol 1), which must be updated'],
  [9, '0000000114'.concat('08'), 'too-new', 'runs a newer Shoal (protocol 9): update this one'],
])(
  'a peer of version %i gets a goodbye, and the log says which side to update',
  async (version, bye, reason, text) => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
    const { stranger, close, node } = await victim(1, { log });
    for (const again of [1, 2]) {
      const foreign = await stranger();
      await foreign.send(Buffer.from(`SHOAL${String.fromCharCode(version)}C\0`, 'latin1'), frame(1, 54));
      expect(foreign.bytes.toString('hex')).toBe(bye);
      expect(foreign.heard).toEqual([{ type: 'bye', reason }]);
      expect(foreign.closed).toBe(true);
      expect(node.links.counters.foreignConnections).toBe(again);
    }
    expect(warnings).toEqual([`10.0.0.66 tried to connect: it ${text}`]);
    await close();
  },
);

test('messages of later versions are skipped on a link and on a lane', async () => {
  const { node, stranger, close } = await victim();
  const foe = await stranger();
  await foe.send(greeting(), frame(200, 3_000), frame(255, 0), encodeControl({ type: 'ping' }));
  await foe.send(encodeControl({ type: 'laneRequest', requestId: 1 }));
  expect(foe.heard.map(({ type }) => type)).toEqual(expect.arrayContaining(['hello', 'pong', 'laneGrant']));
  const granted = foe.heard.find((message) => message.type === 'laneGrant');
  const lane = await stranger();
  const token = encodeLane({ type: 'token', token: granted?.token ?? '' });
  await lane.send(encodePreamble('lane'), token, frame(192, 500), encodeLane({ type: 'pass' }));
  expect([foe.closed, lane.closed, node.links.counters.violations]).toEqual([false, false, 0]);
  await lane.send(frame(191, 5));
  expect([lane.closed, node.links.counters.violations]).toEqual([true, 1]);
  await close();
});

test('HTTP on the port of a peer gets one sentence, however the request is split', async () => {
  const { stranger, close } = await victim();
  for (const pieces of [['GET / HTTP/1.1\r\n\r\n'], ['OPT', 'ION', 'S * HTTP/1.1\r\n\r\n']]) {
    const browser = await stranger();
    for (const piece of pieces) await browser.send(Buffer.from(piece));
    expect(browser.bytes.toString()).toMatch(/^HTTP\/1\.1 501 .*\r\n\r\nThis is a Shoal peer\./s);
    expect(browser.closed).toBe(true);
  }
  await close();
});

test('slow and silent connections are closed after 10 s, at every stage', async () => {
  const { network, stranger, close } = await victim();
  const stages = [
    Buffer.alloc(0),
    Buffer.from('SHO'),
    handshake().subarray(0, 20),
    handshake(),
    encodePreamble('lane'),
  ];
  const strangers = [];
  for (const bytes of stages) {
    const one = await stranger();
    await one.send(bytes);
    strangers.push(one);
  }
  expect(strangers.filter(({ closed }) => closed)).toHaveLength(0);
  await network.clock.advanceAsync(11_000);
  expect(strangers.filter(({ closed }) => closed)).toHaveLength(stages.length);
  expect(network.host('10.0.0.1').streams.size).toBe(0);
  await close();
});

test.each([
  ['the header of a frame of 2 KiB before the hello', [handshake(), frame(1, 2_048).subarray(0, 5)]],
  ['a frame of 4 GiB', [greeting(), Buffer.from('ffffffff01', 'hex')]],
  ['the header of a frame above 64 KiB', [greeting(), frame(12, 65_537).subarray(0, 5)]],
  ['a number that means nothing', [greeting(), frame(63, 3)]],
  ['a second hello', [greeting(), hello()]],
  ['a message before the hello', [handshake(), encodeControl({ type: 'ping' })]],
  ['damaged text', [greeting(), Buffer.from('00000007'.concat('02', '00000001', '0002', 'c3'), 'hex')]],
])('%s costs only the link that sent it', async (_what, parts) => {
  const { network, node, stranger, close } = await victim();
  const friend = await startNode(network, 2);
  await network.settle(friend.links.connect(node.contact, patient));
  const foe = await stranger();
  await foe.send(...parts);
  await network.clock.advanceAsync(2_000);
  expect(foe.closed).toBe(true);
  expect(node.links.counters.violations).toBe(1);
  expect(await network.settle(collect(listAt(friend.links, node.contact, '')))).toHaveLength(1);
  await network.settle(friend.links.close());
  await close();
});

test.each(seeds(60))('random and damaged bytes close their link at most (seed %i)', async (seed) => {
  const { network, node, stranger, close } = await victim(seed);
  const random = new SeededRandom(seed);
  const fileId = [...node.share.files.keys()][0] ?? (hashBytes(Buffer.from('')) as never);
  const messages: ControlMessage[] = [
    { type: 'list', requestId: 1, folder: '', cursor: random.int(0, 9) },
    { type: 'describe', requestId: 2, fileId, firstChunk: random.int(0, 0xffff_ffff) },
    { type: 'interested', fileId },
    { type: 'have', fileId, chunks: [0, 0xffff_ffff] },
    { type: 'bitfield', fileId, firstByte: 0xffff_fff0, bits: Buffer.alloc(40, 255) },
    { type: 'laneGrant', requestId: 9, token: '00'.repeat(16) },
    { type: 'laneRequest', requestId: 3 },
    { type: 'queued', place: 1, of: 1 },
    {
      type: 'peers',
      fileId,
      peers: [{ peerId: peerIdOf(1), address: { host: '255.255.255.255', port: 1 } }],
    },
    { type: 'tracker', address: { host: '0.0.0.0', port: 0 }, onMyHost: true },
    { type: 'bye', reason: 'duplicate' },
  ];
  const parts = random.sample(messages, 6).map(encodeControl);
  const bytes = Buffer.concat([greeting(), ...parts, random.bytes(random.int(0, 50))]);
  for (let flips = random.int(0, 3); flips > 0; flips--) {
    const at = random.int(0, bytes.length - 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7));
  }
  const foe = await stranger();
  await foe.send(bytes);
  foe.destroy();
  await network.clock.advanceAsync(15_000);
  const friend = await startNode(network, 2);
  expect(await network.settle(collect(listAt(friend.links, node.contact, '')))).toHaveLength(1);
  await network.settle(friend.links.close());
  await close();
  expect(network.host('10.0.0.1').streams.size).toBe(0);
});

test('a lane opens with its token only, once, within 10 s', async () => {
  const { network, stranger, close } = await victim();
  const control = await stranger();
  await control.send(greeting());
  const grant = async () => {
    await control.send(encodeControl({ type: 'laneRequest', requestId: 7 }));
    const last = control.heard.at(-1);
    return last?.type === 'laneGrant' ? last.token : '';
  };
  const enter = async (token: string) => {
    const lane = await stranger();
    await lane.send(encodePreamble('lane'), encodeLane({ type: 'token', token }));
    return lane;
  };
  const token = await grant();
  expect(token).toMatch(/^[0-9a-f]{32}$/);
  const thief = await stranger('10.0.0.67');
  await thief.send(encodePreamble('lane'), encodeLane({ type: 'token', token }));
  expect(thief.closed).toBe(true);
  const first = await enter(token);
  expect(first.closed).toBe(false);
  expect((await enter(token)).closed).toBe(true);
  expect((await enter('00'.repeat(16))).closed).toBe(true);
  const late = await grant();
  await network.clock.advanceAsync(10_000);
  expect((await enter(late)).closed).toBe(true);
  // A fifth lane of one peer is one too many.
  const more = [await enter(await grant()), await enter(await grant()), await enter(await grant())];
  expect(more.every((lane) => !lane.closed)).toBe(true);
  expect((await enter(await grant())).closed).toBe(true);
  // The end of the link ends its lanes.
  control.destroy();
  await network.clock.advanceAsync(1_000);
  expect(first.closed).toBe(true);
  await close();
});

test.each([
  [
    'a request before the token',
    [encodeLane({ type: 'request', id: 1, fileId: peerIdOf(1) as never, chunk: 0 })],
  ],
  ['data', [encodeLane({ type: 'data', id: 1, bytes: Buffer.from('x') })]],
  ['a large frame', [frame(65, 65)]],
])('%s ends a lane', async (_what, parts) => {
  const { stranger, close } = await victim();
  const lane = await stranger();
  await lane.send(encodePreamble('lane'), ...parts);
  expect(lane.closed).toBe(true);
  await close();
});

test('silent connections neither exceed their share nor keep anybody out', async () => {
  const { network, node, close } = await victim();
  const crowd = async (ip: string, count: number) => {
    for (let left = count; left > 0; left--) await new Stranger(network).dial(node, ip);
  };
  const open = () => network.host('10.0.0.1').streams.size;
  await crowd('10.0.0.77', 40);
  expect(open()).toBe(32);
  for (let host = 1; host <= 17; host++) await crowd(`10.0.1.${host}`, 32);
  expect(open()).toBe(512);
  const friend = await startNode(network, 2);
  await network.settle(friend.links.connect(node.contact, patient));
  expect(node.links.counters).toMatchObject({ refusedConnections: 0, evictedConnections: 8 + 64 + 1 });
  await network.settle(friend.links.close());
  await close();
});

test('512 idle links do not shut out a new peer: the longest idle one is evicted', async () => {
  const { network, node, close } = await victim();
  const crowd: Stranger[] = [];
  for (let number = 0; number < 512; number++) {
    const ip = `10.1.${number >> 5}.${1 + (number & 31)}`;
    const one = await new Stranger(network).dial(node, ip);
    await one.send(greeting(1_000 + number));
    crowd.push(one);
  }
  const friend = await startNode(network, 2);
  await network.settle(friend.links.connect(node.contact, patient));
  await network.clock.advanceAsync(100);
  expect(crowd[0]?.heard.at(-1)).toEqual({ type: 'bye', reason: 'idle' });
  expect(crowd.filter(({ closed }) => closed)).toHaveLength(1);
  await network.settle(friend.links.close());
  await close();
});

test('a new connection is refused with the reason that all places are in use', async () => {
  const { network, node, stranger, close } = await victim(1, { connectionsMax: 2 });
  const busy = [await stranger('10.0.0.71'), await stranger('10.0.0.72')];
  for (const [index, one] of busy.entries()) await one.send(greeting(71 + index));
  const friend = await startNode(network, 2);
  await expect(network.settle(friend.links.connect(node.contact, patient))).rejects.toMatchObject({
    code: 'REFUSED',
    message: 'the peer has too many links',
  });
  expect(node.links.counters.refusedConnections).toBe(1);
  await network.settle(friend.links.close());
  await close();
});

test('a peer that requests without reading gets no more answers, and memory stays bounded', async () => {
  const network = new SimulatedNetwork({ seed: 1, bytesPerSecond: 10_000 });
  const node = await startNode(network, 1);
  for (let number = 0; number < 2_000; number++)
    node.share.add(`${'x'.repeat(900)}${number}`, Buffer.from(`${number}`));
  const foe = await new Stranger(network).dial(node);
  const asks = Array.from({ length: 200 }, (_, requestId) =>
    encodeControl({ type: 'list', requestId, folder: '', cursor: 0 }),
  );
  await foe.send(greeting(), ...asks);
  await network.clock.advanceAsync(60_000);
  const busy = foe.heard.filter((message) => message.type === 'refused' && message.code === 'busy');
  expect(busy.length + foe.heard.filter(({ type }) => type === 'listPage').length).toBeLessThan(200);
  await network.settle(node.links.close());
});

function frame(type: number, bytes: number): Buffer {
  const out = Buffer.alloc(5 + bytes);
  out.writeUInt32BE(bytes, 0);
  out.writeUInt8(type, 4);
  return out;
}

test('a hostile seeder: unrequested pieces, too many bytes, mixed chunks', async () => {
  const { network, node, close } = await victim();
  const bytes = Buffer.alloc(1_000);
  const replies = [
    (id: number) => [encodeLane({ type: 'data', id: id + 9, bytes })],
    (id: number) => [encodeLane({ type: 'data', id, bytes: Buffer.alloc(1_001) })],
    (id: number) => [
      encodeLane({ type: 'data', id, bytes: bytes.subarray(1) }),
      encodeLane({ type: 'data', id: id + 1, bytes }),
    ],
    (_id: number) => [frame(9, 9)],
  ];
  for (const [index, reply] of replies.entries()) {
    const foe = await fakeSeeder(network, 70 + index, reply);
    const left: string[] = [];
    const source = await network.settle(
      openAt(
        node.links,
        foe,
        peerIdOf(5) as never,
        {
          haveChanged: () => {},
          received: () => {},
          queued: () => {},
          left: (reason) => left.push(reason.code),
        },
        patient,
        'complete',
      ),
    );
    const writer = { write: async () => {}, finish: async () => true, abandon: () => {} };
    const outcomes = await network.settle(
      Promise.all([source.request(0, 1_000, writer), source.request(1, 1_000, writer)]),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['lost', 'lost']);
    expect(left).toEqual(['BAD_FRAME']);
  }
  await close();
});

/** A peer with a correct handshake that grants a lane and answers the first request with any bytes. */
async function fakeSeeder(network: SimulatedNetwork, number: number, reply: (id: number) => Uint8Array[]) {
  const host = network.host(`10.0.0.${number}`);
  const port = 9_000 + number;
  await host.listen(port, (stream) => {
    let toSkip: number | undefined;
    const decoder = new FrameDecoder(65_536);
    return {
      closed: () => {},
      data: (all) => {
        if (toSkip === undefined && all[0] === handshake()[0]) {
          toSkip = handshake().length;
          stream.write(handshake(number));
        }
        toSkip ??= PREAMBLE_BYTES;
        const bytes = all.subarray(Math.min(toSkip, all.length));
        toSkip -= all.length - bytes.length;
        for (const { type, body } of decoder.push(bytes)) {
          if (type === 1) stream.write(hello(number));
          if (type === 15)
            stream.write(
              encodeControl({ type: 'laneGrant', requestId: body.at(3) ?? 0, token: 'ab'.repeat(16) }),
            );
          if (type === 65) for (const part of reply(body.at(3) ?? 0)) stream.write(part);
        }
      },
    };
  });
  return { peerId: peerIdOf(number), name: '', address: { host: host.ip, port } };
}

test('after hostile links an honest file is fetched', async () => {
  const { network, node, close } = await victim();
  const friend = await startNode(network, 2);
  const [fileId] = node.share.files.keys();
  if (fileId === undefined) throw new Error('no file');
  const source = await network.settle(open(friend, node, fileId));
  expect((await network.settle(source.describe(patient))).fileId).toBe(fileId);
  await network.settle(friend.links.close());
  await close();
});

test('peers that request large files and do not read them delay no other peer', async () => {
  const { network, node, close } = await victim();
  const description = node.share.add('film', Buffer.alloc(12 * 1_048_576));
  const requests = Array.from({ length: 12 }, (_, chunk) =>
    encodeLane({ type: 'request', id: chunk, fileId: description.fileId, chunk }),
  );
  for (let number = 0; number < 20; number++) {
    const control = await stranger20(number);
    await control.send(greeting(100 + number));
    await control.send(encodeControl({ type: 'laneRequest', requestId: 1 }));
    const grant = control.heard.at(-1);
    const lane = await stranger20(number);
    lane.pause();
    const token = grant?.type === 'laneGrant' ? grant.token : '';
    await lane.send(encodePreamble('lane'), encodeLane({ type: 'token', token }), ...requests);
  }
  const friend = await startNode(network, 2);
  const source = await network.settle(open(friend, node, description.fileId));
  const beganMs = network.clock.nowMs();
  const part = new MemoryPart(description);
  const outcomes = await network.settle(requestAll(source, description, part));
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['verified']));
  expect(network.clock.nowMs() - beganMs).toBeLessThan(60_000);
  await network.settle(friend.links.close());
  await close();

  function stranger20(number: number) {
    return new Stranger(network).dial(node, `10.0.3.${number}`);
  }
});
