import { expect, test } from 'vitest';
import { Mirrors } from '../../../../Peer/Web/Metalink/Mirrors.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

const VICTIM = '192.0.2.1';
const HONEST = { host: '192.0.2.2', port: 9_001 };

test('a host that serves nothing is asked eight times in two minutes, whatever contents and ports are named', async () => {
  const clock = new SimulatedClock();
  const asked: string[] = [];
  const mirrors = new Mirrors({
    clock,
    get: async ({ url }) => {
      const { hostname, pathname } = new URL(url);
      asked.push(hostname);
      if (hostname === VICTIM) return { status: 404, etag: undefined, body: Buffer.alloc(0) };
      return { status: 200, etag: `"${pathname.split('/').at(-1)}"`, body: Buffer.alloc(0) };
    },
  });
  const askAbout = async (from: number) => {
    for (let n = from; n < from + 20; n++) {
      const id = String(n).padStart(64, '0') as FileId;
      expect(await mirrors.find(id, [{ host: VICTIM, port: 8_000 + n }, HONEST])).toEqual([HONEST]);
    }
  };
  const count = (host: string) => asked.filter((each) => each === host).length;
  await askAbout(0);
  expect([count(VICTIM), count(HONEST.host)]).toEqual([8, 20]);
  await clock.advanceAsync(120_000);
  await askAbout(20);
  expect([count(VICTIM), count(HONEST.host)]).toEqual([16, 40]);
});

/** Mirrors whose holders all serve, and the requests to them. */
function serving() {
  const asked: { host: string; bytesMax: number; timeoutMs: number }[] = [];
  const mirrors = new Mirrors({
    clock: new SimulatedClock(),
    get: async ({ url, bytesMax, timeoutMs }) => {
      const { hostname, pathname } = new URL(url);
      asked.push({ host: hostname, bytesMax, timeoutMs });
      return { status: 200, etag: `"${pathname.split('/').at(-1)}"`, body: Buffer.alloc(0) };
    },
  });
  return { mirrors, asked };
}

const idNumber = (n: number) => String(n).padStart(64, '0') as FileId;
const hostNumber = (n: number) => ({ host: `10.1.${n >> 8}.${n & 255}`, port: 9_001 });

test('16 holders are asked, each for 4 s; three mirrors for 2 MiB of hashes, each for 30 s', async () => {
  const { mirrors, asked } = serving();
  const holders = Array.from({ length: 20 }, (_, n) => hostNumber(n));
  const found = await mirrors.find(idNumber(1), holders);
  expect(found).toEqual(holders.slice(0, 16));
  expect(new Set(asked.map(({ timeoutMs }) => timeoutMs))).toEqual(new Set([4_000]));
  await mirrors.digest(idNumber(1), 5, found);
  expect(asked.slice(16).map(({ bytesMax, timeoutMs }) => [bytesMax, timeoutMs])).toEqual(
    Array.from({ length: 3 }, () => [2 * 2 ** 20, 30_000]),
  );
});

test('the mirrors of 256 contents are remembered; the oldest is evicted', async () => {
  const { mirrors } = serving();
  for (let n = 0; n < 257; n++) await mirrors.find(idNumber(n), [hostNumber(1)]);
  expect([0, 1, 256].map((n) => mirrors.known(idNumber(n)) !== undefined)).toEqual([false, true, true]);
});

test('1,024 hosts that served nothing are remembered; the oldest is evicted', async () => {
  let asked = 0;
  const mirrors = new Mirrors({
    clock: new SimulatedClock(),
    get: async ({ url }) => {
      if (new URL(url).hostname === VICTIM) asked++;
      return undefined;
    },
  });
  let content = 0;
  const ask = (host: string) => mirrors.find(idNumber(content++), [{ host, port: 9_001 }]);
  for (let n = 0; n < 20; n++) await ask(VICTIM);
  for (let n = 0; n < 1_023; n++) await ask(hostNumber(n).host);
  await ask(VICTIM);
  expect(asked).toBe(8);
  for (let n = 0; n < 1_024; n++) await ask(hostNumber(n).host);
  await ask(VICTIM);
  expect(asked).toBe(9);
});
