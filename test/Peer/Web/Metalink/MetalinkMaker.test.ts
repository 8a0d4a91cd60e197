import { describe, expect, test } from 'vitest';
import type { HttpGet, HttpReply } from '../../../../Peer/Web/Metalink/HttpGet.ts';
import type { Address } from '../../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { digestOf, FakeWebHost, idOf, webOn } from '../FakeWebHost.ts';

const FILM = Buffer.from('a film');
const PATH = 'films/my film.mkv';
const ID = idOf(PATH);
const NAME = 'my%20film.mkv';
const addresses = (count: number): Address[] =>
  Array.from({ length: count }, (_, n) => ({ host: `192.0.2.${n + 1}`, port: 9_001 }));

/** A peer that asks others. @param reply - their answer */
async function asking(options: {
  here: boolean;
  holders: Address[];
  reply?: (url: URL) => Partial<HttpReply> | undefined;
  clock?: Clock;
}) {
  const host = new FakeWebHost();
  (options.here ? host.contents : host.away).set(PATH, FILM);
  host.holders = options.holders;
  const asked: string[] = [];
  const get: HttpGet = async ({ url, method }) => {
    asked.push(`${method} ${url}`);
    const answer = options.reply === undefined ? {} : options.reply(new URL(url));
    if (answer === undefined) return undefined;
    return { status: 200, etag: `"${ID}"`, body: Buffer.from(JSON.stringify(digestOf(FILM))), ...answer };
  };
  const { base, port } = await webOn(host, { get, ...(options.clock && { clock: options.clock }) });
  const urls = async () => {
    const answer = await fetch(`${base}/network/${ID}.meta4`);
    const xml = await answer.text();
    return {
      status: answer.status,
      xml,
      urls: [...xml.matchAll(/<url[^>]*>([^<]*)</g)].map(([, url]) => url),
    };
  };
  return { host, base, port, asked, urls };
}

describe('a file of the own share', () => {
  test('this peer comes first, then all holders that serve it; hashes are its own', async () => {
    const { urls, port } = await asking({ here: true, holders: addresses(3) });
    const { status, xml, urls: found } = await urls();
    expect(status).toBe(200);
    expect(found).toEqual([
      `http://127.0.0.1:${port}/by-id/${ID}/${NAME}`,
      ...[1, 2, 3].map((n) => `http://192.0.2.${n}:9001/by-id/${ID}/${NAME}`),
    ]);
    expect(xml).toContain(digestOf(FILM).sha256);
  });

  test('peers that answer no HTTP, or have other content there, are left out', async () => {
    const { urls } = await asking({
      here: true,
      holders: addresses(4),
      reply: ({ hostname }) =>
        ({ '192.0.2.1': undefined, '192.0.2.2': { status: 501 }, '192.0.2.3': { etag: '"other"' } })[
          hostname
        ] ?? (hostname === '192.0.2.4' ? {} : undefined),
    });
    expect((await urls()).urls.slice(1)).toEqual([`http://192.0.2.4:9001/by-id/${ID}/${NAME}`]);
  });

  test('without a hash, only this peer is named', async () => {
    const { urls, host, port } = await asking({ here: true, holders: addresses(2) });
    host.files.digest = async () => {
      throw new ShoalError('REFUSED', 'too large');
    };
    expect((await urls()).urls).toEqual([`http://127.0.0.1:${port}/by-id/${ID}/${NAME}`]);
  });
});

describe('a file of other peers', () => {
  test('the holders are named, with the hashes that they agree about', async () => {
    const { urls, asked } = await asking({ here: false, holders: addresses(4) });
    const { xml, urls: found } = await urls();
    expect(found).toEqual([1, 2, 3, 4].map((n) => `http://192.0.2.${n}:9001/by-id/${ID}/${NAME}`));
    expect(xml).toContain(digestOf(FILM).sha256);
    expect(asked.filter((each) => each.endsWith('?sha256'))).toHaveLength(3);
  });

  const through = (port: number) => [`http://127.0.0.1:${port}/network/${ID}/${NAME}`];

  test.each<[string, (url: URL) => Partial<HttpReply> | undefined]>([
    [
      'they disagree',
      ({ hostname, search }) =>
        search !== '' && hostname.endsWith('.2')
          ? { body: Buffer.from(JSON.stringify(digestOf(Buffer.from('x')))) }
          : {},
    ],
    ['none tells it', ({ search }) => (search === '' ? {} : { status: 503 })],
    ['it is nonsense', ({ search }) => (search === '' ? {} : { body: Buffer.from('{"sha256":"<x>"}') })],
    [
      'it has too few pieces',
      ({ search }) =>
        search === '' ? {} : { body: Buffer.from(JSON.stringify({ ...digestOf(FILM), pieces: [] })) },
    ],
    ['nobody serves HTTP', () => undefined],
  ])('%s: only this peer, which verifies it', async (_, reply) => {
    const { urls, port } = await asking({ here: false, holders: addresses(3), reply });
    const { xml, urls: found } = await urls();
    expect(found).toEqual(through(port));
    expect(xml).not.toContain('sha-256');
  });

  test('a file without a holder is not found', async () => {
    const { base } = await asking({ here: false, holders: [] });
    expect((await fetch(`${base}/network/${'0'.repeat(64)}.meta4`)).status).toBe(404);
  });
});

describe('at most 16 holders are asked', () => {
  test.each([
    ['once a minute', 59_000, 16, true],
    ['again after a minute', 60_000, 32, true],
    ['again after 5 s, where one did not answer', 5_000, 32, false],
  ] as const)('%s', async (_, waitMs, questions, allAnswer) => {
    const clock = new SimulatedClock();
    const { urls, asked } = await asking({
      here: true,
      holders: addresses(40),
      reply: ({ hostname }) => (hostname === '192.0.2.7' && !allAnswer ? undefined : {}),
      clock,
    });
    await urls();
    clock.advance(waitMs);
    await urls();
    expect(asked.filter((each) => each.startsWith('HEAD'))).toHaveLength(questions);
  });
});

test('eight documents are made at once, a ninth is refused', async () => {
  const host = new FakeWebHost();
  host.contents.set(PATH, FILM);
  host.holders = addresses(1);
  let answer = (_: undefined) => {};
  const silence = new Promise<undefined>((resolve) => {
    answer = resolve;
  });
  const { base } = await webOn(host, { get: () => silence });
  const statuses = Array.from({ length: 9 }, async () => {
    const { status } = await fetch(`${base}/network/${ID}.meta4`);
    // The refusal is sent first, then the others continue.
    if (status === 503) answer(undefined);
    return status;
  });
  expect((await Promise.all(statuses)).toSorted()).toEqual([...Array(8).fill(200), 503]);
});

test('answers with a file lead to its document, its digest, and known duplicates', async () => {
  const { base, urls } = await asking({ here: true, holders: addresses(2) });
  const links = async () => {
    const { headers } = await fetch(`${base}/by-id/${ID}`, { method: 'HEAD' });
    return { link: headers.get('link'), digest: headers.get('repr-digest') };
  };
  const described = `</network/${ID}.meta4>; rel=describedby; type="application/metalink4+xml"`;
  expect(await links()).toEqual({ link: described, digest: null });
  await urls();
  const { link, digest } = await links();
  expect(link).toBe(
    `${described}, <http://192.0.2.1:9001/by-id/${ID}>; rel=duplicate, <http://192.0.2.2:9001/by-id/${ID}>; rel=duplicate`,
  );
  expect(digest).toMatch(/^sha-256=:[\w+/]{43}=:$/);
  const file = await fetch(`${base}/files/${PATH.replace(' ', '%20')}`);
  expect([file.headers.get('link'), file.headers.get('repr-digest')]).toEqual([link, digest]);
});

test('an answer names eight duplicates at most', async () => {
  const { base, urls } = await asking({ here: true, holders: addresses(12) });
  await urls();
  const { headers } = await fetch(`${base}/by-id/${ID}`, { method: 'HEAD' });
  expect(headers.get('link')?.match(/rel=duplicate/g)).toHaveLength(8);
});

test('/by-id serves the own share only, by content; ?sha256 returns its hashes', async () => {
  const { base } = await asking({ here: true, holders: [] });
  const answer = await fetch(`${base}/by-id/${ID}/any name.bin`, { headers: { Range: 'bytes=2-' } });
  expect([answer.status, await answer.text()]).toEqual([206, 'film']);
  expect(await (await fetch(`${base}/by-id/${ID}?sha256`)).json()).toEqual(digestOf(FILM));
  for (const wrong of ['0'.repeat(64), 'x', `${ID}/a/b`, '']) {
    expect((await fetch(`${base}/by-id/${wrong}`)).status).toBe(404);
  }
});
