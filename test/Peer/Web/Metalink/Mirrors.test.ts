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
