import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, connect as tcpConnect } from 'node:net';
import { join } from 'node:path';
import { sameBytes, writeRandomFile } from '../bench/Files.ts';
import { PATIENCE_MS, Rig, untilShared } from '../bench/Rig.ts';
import { certificateOf } from '../Peer/State/Certificate.ts';
import type { PeerId } from '../Protocol/Ids.ts';
import { peerIdOf } from '../Protocol/PeerKey.ts';
import { formatInvite } from '../Protocol/Private/Invite.ts';
import { networkKeys } from '../Protocol/Private/NetworkKeys.ts';
import { DatagramSealer } from '../Protocol/Private/SealedDatagrams.ts';
import { encodeRequest } from '../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import { ALPNS, type Learnt, probePlain, probeTls, probeUdp, type Stranger, sayings } from './Door/Probes.ts';
import type { Figure, TrialSettings } from './Trial.ts';

const MIB = 1_048_576;
const CONNECTIONS = 40;

/** A stranger tries 10,000 ways into a private network, while its members exchange a file. */
export async function run({ short, seed }: TrialSettings): Promise<readonly Figure[]> {
  const count = short ? 800 : 10_000;
  const random = new SeededRandom(seed);
  const secret = randomBytes(16);
  const network = ['--network', formatInvite({ name: 'the door', secret })];
  const rig = await Rig.make(undefined, { ip: '127.0.0.1', prefix: [], args: network });
  try {
    await writeRandomFile(join(rig.share('seeder'), 'film.bin'), (short ? 8 : 64) * MIB);
    const seeder = await rig.peer('seeder', [...network, '--upload-limit', '4M']);
    await untilShared(seeder, 1);
    const whoami = JSON.parse((await seeder.ask('whoami --json', /^\{.*"whoami".*\}$/))[0]) as {
      port: number;
      id: PeerId;
    };
    const leecher = await rig.peer('leecher', network);
    const done = leecher.ask('download film.bin --json', /^\{.*"download".*"ok":true.*\}$/, PATIENCE_MS);
    done.catch(() => {}); // Awaited below.

    const recorded = await recordedLink(whoami.port, network, rig);
    const probes = probesOf(whoami, rig.tracker, { random, recorded, secret });
    const learnt = new Map<string, Learnt & { readonly kind: string }>();
    let tried = 0;
    let handshakes = 0;
    const worker = async () => {
      while (tried < count) {
        const [kind, probe] = random.pick(probes);
        tried++;
        const result = await probe();
        if (result.isHandshake) handshakes++;
        if (result.bytes > 0) learnt.set(kind, { ...result, kind });
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    await done;
    const same = await sameBytes(
      join(rig.share('seeder'), 'film.bin'),
      join(rig.share('leecher'), 'film.bin'),
    );
    return [
      {
        name: 'probes',
        value: `${tried} of ${probes.length} kinds, each with random parts; ${handshakes} completed a handshake`,
        met: handshakes > 0,
      },
      {
        name: 'bytes learnt beyond the handshake',
        value: [...learnt.values()].map(({ kind, bytes }) => `${kind}: ${bytes}`).join(', ') || '0',
        wanted: '0',
        met: learnt.size === 0,
      },
      { name: 'the peer', value: seeder.running ? 'runs' : 'has ended', wanted: 'runs', met: seeder.running },
      {
        name: 'the file between members',
        value: same ? 'complete, the same bytes' : 'wrong',
        wanted: 'the same bytes',
        met: same,
      },
    ];
  } finally {
    await rig.close();
  }
}

interface Material {
  readonly random: SeededRandom;
  /** Bytes sent by a member that opens a link. */
  readonly recorded: Buffer;
  readonly secret: Uint8Array;
}

type Kind = readonly [kind: string, probe: () => Promise<Learnt>];

function probesOf(
  { port, id }: { readonly port: number; readonly id: PeerId },
  tracker: string,
  { random, recorded, secret }: Material,
): readonly Kind[] {
  const stranger = newStranger();
  const udpPort = Number(tracker.split(':').at(-1));
  const flipped = (bytes: Buffer) => {
    const changed = Buffer.from(bytes);
    const at = random.int(0, changed.length - 1);
    changed[at] = (changed[at] ?? 0) ^ (1 << random.int(0, 7));
    return changed;
  };
  const cut = (bytes: Buffer) => bytes.subarray(0, random.int(1, bytes.length));
  const plain: Kind[] = (
    [
      ['garbage', () => Buffer.from(random.bytes(random.int(1, 2_000)))],
      [
        'a preamble of this version',
        () => Buffer.from(`SHOAL\x02${random.pick(['C', 'L', 'B', 'R'])}\0`, 'latin1'),
      ],
      [
        'a preamble of another version',
        () => Buffer.from(`SHOAL${String.fromCharCode(random.int(0, 255))}C\0`, 'latin1'),
      ],
      [
        'HTTP',
        () => Buffer.from(`${random.pick(['GET', 'POST', 'PUT', 'CONNECT'])} / HTTP/1.1\r\nHost: a\r\n\r\n`),
      ],
      ['a recorded link', () => recorded],
      ['half a recorded link', () => cut(recorded)],
      ['a recorded link with a flipped bit', () => flipped(recorded)],
      [
        'records of TLS with garbage',
        () => Buffer.concat([Buffer.from('160303', 'hex'), Buffer.from(random.bytes(random.int(1, 600)))]),
      ],
    ] as const
  ).map(([kind, bytes]) => [`plain: ${kind}`, () => probePlain(port, bytes(), random)]);
  const tls: Kind[] = sayings(stranger, id, random).flatMap((says, index) =>
    ALPNS.flatMap((alpn) =>
      [true, false].map(
        (hasCertificate): Kind => [
          `TLS: saying ${index}, ${alpn ?? 'no protocol'}, ${hasCertificate ? 'a' : 'no'} certificate`,
          () => {
            const maxVersion = random.chance(0.9) ? 'TLSv1.3' : 'TLSv1.2';
            return probeTls(port, { alpn, hasCertificate, maxVersion, says }, stranger, random);
          },
        ],
      ),
    ),
  );
  const sealerOf = (key: Uint8Array) => new DatagramSealer(key, randomBytes);
  const foreign = sealerOf(networkKeys(randomBytes(16)).datagram);
  const own = sealerOf(networkKeys(secret).datagram);
  const connecting = () => encodeRequest('0'.repeat(16), random.int(0, 2 ** 31), { type: 'connect' });
  const udp: Kind[] = [
    ['garbage', () => Buffer.from(random.bytes(random.int(0, 1_300)))] as const,
    ['a plain request', connecting] as const,
    ['a request of another network', () => Buffer.from(foreign.seal(connecting(), Date.now()))] as const,
    [
      'a sealed request with a flipped bit',
      () => flipped(Buffer.from(own.seal(connecting(), Date.now()))),
    ] as const,
    [
      'half a sealed request',
      () => cut(Buffer.from(own.seal(connecting(), Date.now())).subarray(0, -1)),
    ] as const,
  ].map(([kind, bytes]) => [`UDP: ${kind}`, () => probeUdp(udpPort, bytes())]);
  const replayed: Kind = [
    'UDP: a replayed request',
    async () => {
      const sealed = Buffer.from(own.seal(connecting(), Date.now()));
      const member = createSocket('udp4');
      member.send(sealed, udpPort, '127.0.0.1');
      await Promise.race([once(member, 'message'), new Promise((done) => setTimeout(done, 1_000))]);
      member.close();
      return probeUdp(udpPort, sealed);
    },
  ];
  return [...plain, ...tls, ...udp, replayed];
}

function newStranger(): Stranger {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    peerId: peerIdOf(privateKey),
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: certificateOf(privateKey),
    memberKey: networkKeys(randomBytes(16)).member,
  };
}

/** Records the bytes that a member sends to another one when it opens a link. */
async function recordedLink(port: number, network: readonly string[], rig: Rig): Promise<Buffer> {
  const parts: Buffer[] = [];
  const forwarder = createServer((from) => {
    const to = tcpConnect(port, '127.0.0.1');
    from.on('data', (bytes) => parts.push(bytes));
    from.pipe(to).pipe(from);
    for (const socket of [from, to]) socket.on('error', () => {});
  });
  forwarder.listen(0, '127.0.0.1');
  await once(forwarder, 'listening');
  const { port: forwarded } = forwarder.address() as AddressInfo;
  const member = await rig.peer('recorded', network);
  await member.ask(`connect 127.0.0.1:${forwarded} --json`, /^\{.*"connect".*\}$/, PATIENCE_MS);
  await member.kill();
  forwarder.close();
  if (parts.length === 0) throw new Error('no link was recorded');
  return Buffer.concat(parts);
}
