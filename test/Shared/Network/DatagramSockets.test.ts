import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { silentLog } from '../../../Shared/Log.ts';
import { bindDatagramTelling } from '../../../Shared/Network/DatagramSockets.ts';
import type { DatagramSocket } from '../../../Shared/Network/Transport.ts';

const bind = bindDatagramTelling(silentLog);
const hasIpv6 = await bind({ port: 0, host: '::1' }).then(
  (socket) => socket.close().then(() => true),
  () => false,
);

/** Echoes each datagram. */
function echo(socket: DatagramSocket): void {
  socket.onMessage((bytes, from) => socket.send(Buffer.from(bytes), from));
}

async function answerFrom(host: string, port: number): Promise<string> {
  const asker = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  asker.send('hello', port, host);
  const [bytes] = (await once(asker, 'message')) as [Buffer];
  asker.close();
  return bytes.toString();
}

test('an invalid address is one lost datagram', async () => {
  const socket = await bind({ port: 0, host: '127.0.0.1' });
  echo(socket);
  for (const host of ['', 'nowhere.example', '::1', 'fe80::1%none', '300.1.1.1']) {
    socket.send(Buffer.from('x'), { host, port: 9 });
  }
  socket.send(Buffer.alloc(70_000), { host: '127.0.0.1', port: socket.local.port });
  expect(await answerFrom('127.0.0.1', socket.local.port)).toBe('hello');
  await socket.close();
  socket.send(Buffer.from('x'), { host: '127.0.0.1', port: 9 });
});

const RECEIVE_BUFFER_MAX = '/proc/sys/net/core/rmem_max';
test.runIf(existsSync(RECEIVE_BUFFER_MAX))(
  'a socket has 4 MiB of receive buffer, or warns that the system grants less',
  async () => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (text: string) => warnings.push(text) };
    const socket = await bindDatagramTelling(log)({ port: 0, host: '127.0.0.1' });
    await socket.close();
    const granted = Number(readFileSync(RECEIVE_BUFFER_MAX, 'utf8'));
    expect(warnings.map((text) => text.includes(`only ${granted} bytes of receive buffer`))).toEqual(
      granted < 4_194_304 ? [true] : [],
    );
  },
);

test.runIf(hasIpv6)('all interfaces are those of IPv4 and IPv6, and a sender has one spelling', async () => {
  const socket = await bind({ port: 0 });
  echo(socket);
  const hosts: string[] = [];
  socket.onMessage((_bytes, { host }) => hosts.push(host));
  expect(await answerFrom('127.0.0.1', socket.local.port)).toBe('hello');
  expect(await answerFrom('::1', socket.local.port)).toBe('hello');
  expect(hosts).toEqual(['127.0.0.1', '::1']);
  await socket.close();
});

test('a port in use is an error with a hint', async () => {
  const socket = await bind({ port: 0, host: '127.0.0.1' });
  const { port } = socket.local;
  const refused = { code: 'PORT_IN_USE', hint: expect.stringContaining(`${port + 1}`) };
  await expect(bind({ port, host: '127.0.0.1' })).rejects.toMatchObject(refused);
  await expect(bind({ port })).rejects.toMatchObject(refused);
  await socket.close();
});

test.each(['192.0.2.77', '2001:db8::77', 'no-such-name.invalid'])(
  '%s is no address of this machine',
  async (host) => {
    const refused = { code: 'USAGE', hint: expect.any(String) };
    await expect(bind({ port: 0, host })).rejects.toMatchObject(refused);
  },
);
