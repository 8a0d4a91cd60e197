import { readlinkSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { descriptorOf } from '../../../Shared/Program/Descriptors.ts';

test('descriptorOf gives the descriptor of an open plain socket only', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const other = await accepted;
  const [one, two] = [descriptorOf(socket), descriptorOf(other)];
  expect(one).not.toBe(two);
  for (const descriptor of [one, two])
    expect(readlinkSync(`/proc/self/fd/${descriptor}`)).toMatch(/^socket:/);
  expect([descriptorOf(new TLSSocket(socket)), descriptorOf(new PassThrough())]).toEqual([
    undefined,
    undefined,
  ]);
  other.destroy();
  expect(descriptorOf(other)).toBeUndefined();
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
