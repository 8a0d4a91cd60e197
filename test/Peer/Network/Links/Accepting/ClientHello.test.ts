import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { claimsTls } from '../../../../../Peer/Network/Links/Accepting/ClientHello.ts';
import { OPENING_BYTES_MAX } from '../../../../../Peer/Network/Links/Accepting/Opening.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';

/** The first bytes of a TLS client of Node. */
function helloOf(protocols: string[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.once('data', (bytes) => {
        resolve(bytes);
        socket.destroy();
        server.close();
      });
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      connect({ port, host: '127.0.0.1', ALPNProtocols: protocols }).on('error', () => {});
    });
  });
}

/** Protocol names passed to the claim; undefined: refused before. */
function namesIn(bytes: Uint8Array): readonly string[] | undefined {
  let names: readonly string[] | undefined;
  claimsTls(bytes, (found) => {
    names = found;
    return true;
  });
  return names;
}

test.each([[['h2', 'http/1.1']], [['shoal/2']], [[]]])(
  'the protocols that a client offers: %j',
  async (protocols) => {
    const hello = await helloOf(protocols);
    expect(namesIn(hello)).toEqual(protocols);
    expect(claimsTls(hello, () => true)).toBe('mine');
    expect(claimsTls(hello, () => false)).toBe('not mine');
    // In pieces: undecided until the last byte.
    for (let length = 1; length < hello.length; length++)
      expect(claimsTls(hello.subarray(0, length), () => true)).toBe('more');
  },
);

test('other first bytes, and records that are too long, are not claimed', () => {
  expect(claimsTls(Buffer.from('GET / HTTP/1.1'), () => true)).toBe('not mine');
  const record = (bytes: number) => Buffer.from([22, 3, 1, bytes >> 8, bytes & 255]);
  expect(claimsTls(record(OPENING_BYTES_MAX - 5), () => true)).toBe('more');
  expect(claimsTls(record(OPENING_BYTES_MAX - 4), () => true)).toBe('not mine');
});

test('changed bytes give a list of names or none, and never an error', async () => {
  const hello = await helloOf(['http/1.1']);
  const random = new SeededRandom(7);
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(hello);
    for (let change = random.int(1, 4); change > 0; change--)
      bytes[random.int(5, bytes.length - 1)] = random.int(0, 255);
    const names = namesIn(bytes);
    if (names === undefined) refused++;
    else expect(names.every((name) => typeof name === 'string')).toBe(true);
  }
  expect(refused).toBeGreaterThan(100);
});
