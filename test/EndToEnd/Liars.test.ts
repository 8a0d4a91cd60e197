import { generateKeyPairSync } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { expect } from 'vitest';
import { type HostileFile, HostilePeer, honestFile } from '../../bench/Programs/HostilePeer.ts';
import { certificateOf } from '../../Peer/State/Certificate.ts';
import { CONTROL_ALPN } from '../../Protocol/Limits.ts';
import { peerIdOf } from '../../Protocol/PeerKey.ts';
import { encodeControl, encodePreamble, PROTOCOL_VERSION } from '../../Protocol/PeerMessages.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { someBytes, someMebibytes, lanTest as test } from '../Support/TestLan.ts';
import { eventually } from '../Support/TestPeer.ts';

const MIB = 1_048_576;
/** Characters that can move a cursor or change a terminal, except line ends. */
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

test.concurrent('a liar among the seeders: the file comes right from the honest one, and the liar is named', async ({
  lan,
  onTestFinished,
}) => {
  const film = someMebibytes(40, 12);
  const right = honestFile('film.bin', film);
  const wrong: HostileFile = { ...right, chunk: (index) => Buffer.from(right.chunk(index)).fill(7, 1_000) };
  const honest = await lan.seeder('honest', {
    files: { 'film.bin': film },
    args: ['--upload-limit', '1M'],
  });
  const liar = await HostilePeer.start('Pinocchio', [wrong], await lan.tracker());
  onTestFinished(() => liar.close());
  const leecher = await lan.peer('anna');
  await leecher.items('download film.bin --no-wait');
  await eventually('the liar is asked', async (note) => {
    note((await leecher.lastDownload()).bytes);
    return liar.asked > 0;
  });
  honest.program.type('limit up off');
  const done = await leecher.isDone();
  expect(film.equals(await leecher.read('film.bin'))).toBe(true);
  expect(leecher.program.stderr).toContain(
    `Pinocchio (127.0.0.1:${liar.port}) sent corrupt data for film.bin`,
  );
  expect(done.sources.find(({ name }) => name === 'Pinocchio')?.bytes).toBe(0);
  expect(await leecher.files()).toEqual(['film.bin']);
});

test.concurrent('a liar about what a file is made of gets nothing accepted', async ({
  lan,
  onTestFinished,
}) => {
  const film = someMebibytes(41, 3);
  const right = honestFile('film.bin', film);
  const other = honestFile('film.bin', someMebibytes(42, 3));
  const liar = await HostilePeer.start(
    'Pinocchio',
    [{ ...other, fileId: right.fileId }],
    await lan.tracker(),
  );
  onTestFinished(() => liar.close());
  const leecher = await lan.peer('anna');
  await leecher.items('download film.bin --no-wait');
  await lan.seeder('honest', { files: { 'film.bin': film } });
  await leecher.isDone();
  expect(film.equals(await leecher.read('film.bin'))).toBe(true);
  expect(liar.asked).toBe(0);
});

test.concurrent('hostile names stay in the share folder and off the terminal', async ({
  lan,
  onTestFinished,
}) => {
  const names = [
    '../../evil-up.bin',
    '/tmp/shoal-evil-absolute.bin',
    'C:\\evil-drive.bin',
    'evil/../../../evil-inner.bin',
    'CON',
    'evil-\u001b[2J\u001b]0;owned\u0007.bin',
    'evil-\u202egnp.exe',
    'evil\r\nerror: you are owned.bin',
    `${'e'.repeat(500)}/${'é'.repeat(249)}`,
    'Temp/evil-temp.bin',
    '.bashrc',
    'evil.txt\u0000.bin',
  ];
  const files = names.map((name, index) => honestFile(name, someBytes(50 + index, MIB + 1 + index)));
  const name = 'mallory \u001b[31m\u0007 \u202e';
  const hostile = await HostilePeer.start(name, files, await lan.tracker());
  onTestFinished(() => hostile.close());
  const home = await lan.launcher.folder();
  const share = await lan.launcher.folder();
  const around = await readdir(dirname(share.path));
  const at = `127.0.0.1:${hostile.port}`;
  const fetches = files.map(({ fileId }) => `download ${fileId}`);
  const lines = [
    'peers',
    'search evil',
    `ls ${at}`,
    `get ${at} evil/`,
    ...fetches,
    'list',
    'downloads',
    'status',
  ];
  const end = await lan.script('anna', lines, { home: home.path, share });
  expect(end.stdout + end.stderr).not.toMatch(CONTROLS);
  expect(end.stdout).toContain('\\u{1b}');
  // New files are below the share only.
  const strangers = (await readdir(dirname(share.path))).filter((one) => !around.includes(one));
  expect(strangers.filter((one) => /evil/.test(one))).toEqual([]);
  expect((await readdir(home.path, { recursive: true })).filter((one) => /evil|CON$/.test(one))).toEqual([]);
  const got = (await readdir(share.path, { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  );
  expect(got.length).toBeGreaterThanOrEqual(names.length);
  for (const { name: stored, parentPath } of got) {
    // A disk that stores any name gets `CON`, `?` and `\` unchanged; test/Peer/Files/Disk/SafePath.test.ts has the others.
    expect(stored).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]|^\./);
    expect(Buffer.byteLength(stored)).toBeLessThanOrEqual(255);
    expect(parentPath).not.toMatch(/\/Temp(\/|$)/);
  }
});

test.concurrent('hostile frames and garbage datagrams: the peer goes on, and so does its download', async ({
  lan,
  onTestFinished,
}) => {
  const film = someMebibytes(43, 16);
  const seeder = await lan.seeder('honest', { files: { 'film.bin': film }, args: ['--upload-limit', '8M'] });
  const leecher = await lan.peer('anna');
  await leecher.items('download film.bin --no-wait');
  const random = new SeededRandom(44);
  const { privateKey } = generateKeyPairSync('ed25519');
  const hello = encodeControl({
    type: 'hello',
    version: PROTOCOL_VERSION,
    peerId: peerIdOf(privateKey),
    instanceId: hex('01', 8),
    name: 'x',
    port: 9,
    features: 0,
  });
  const plain = [
    random.bytes(5_000),
    Buffer.concat([encodePreamble('lane'), random.bytes(1_000)]),
    encodePreamble('lane').subarray(0, 3),
  ];
  const onLinks = [
    Buffer.from('ffffffff01', 'hex'),
    Buffer.concat([Buffer.from('0000040101', 'hex'), Buffer.alloc(2_000)]),
    Buffer.concat([hello, Buffer.from('0001000163', 'hex')]),
    Buffer.concat([hello, random.bytes(10_000)]),
    Buffer.concat([hello, hello]),
    hello.subarray(0, 20), // Half a frame, then silence.
  ];
  const identity = {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: certificateOf(privateKey),
    ALPNProtocols: [CONTROL_ALPN],
    rejectUnauthorized: false,
  };
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const port of [seeder.port, leecher.port]) {
    for (const attack of [...plain, ...onLinks]) {
      const secure = onLinks.includes(attack);
      const socket = secure
        ? tlsConnect({ ...identity, port, host: '127.0.0.1' })
        : connect(port, '127.0.0.1');
      socket.on('error', () => {}).resume();
      sockets.push(socket);
      await once(socket, secure ? 'secureConnect' : 'connect');
      socket.write(attack);
    }
  }
  // All except the two silent ones, which are closed after 10 s.
  const thrownOut = () => sockets.filter(({ destroyed }) => destroyed).length;
  await eventually('those that broke the protocol are thrown out', () => thrownOut() >= sockets.length - 4);
  const udp = createSocket('udp4');
  const [, trackerPort] = (await lan.tracker()).split(':');
  for (let n = 0; n < 500; n++)
    udp.send(random.bytes(random.int(0, 1_400)), Number(trackerPort), '127.0.0.1');
  await leecher.isDone();
  udp.close();
  expect(film.equals(await leecher.read('film.bin'))).toBe(true);
  expect([seeder.program.running, leecher.program.running]).toEqual([true, true]);
  expect(leecher.program.stderr).toMatch(/^film\.bin is done: .*\n$/);
  expect(seeder.program.stderr).toBe('');
});

function hex<T extends string>(byte: string, count: number): T {
  return byte.repeat(count) as T;
}
