import { expect, test } from 'vitest';
import { Publisher } from '../../../../../Peer/Network/Trackers/Session/Publisher.ts';
import { PublishPlan } from '../../../../../Peer/Network/Trackers/Session/PublishPlan.ts';
import { newInstanceId, type PeerId } from '../../../../../Protocol/Ids.ts';
import { PATH_BYTES_MAX, PUBLISH_WINDOW } from '../../../../../Protocol/Limits.ts';
import { NO_TOKEN } from '../../../../../Protocol/PeerProof.ts';
import {
  encodeRequest,
  type PublishedEntry,
  type RequestOf,
} from '../../../../../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../../Support/seeds.ts';
import { FakeFeed, file, idOf } from '../TrackerLan.ts';

function bytesOf(plan: PublishPlan, page: number): number {
  const request: RequestOf<'publish'> = {
    type: 'publish',
    peerId: idOf('peer') as PeerId,
    instanceId: newInstanceId(1, 1),
    token: NO_TOKEN,
    version: plan.version,
    base: plan.base,
    page,
    pages: plan.pages,
    entries: plan.entriesOf(page),
  };
  return encodeRequest('00000000000000c1', 1, request).length;
}

test.each(seeds(50))(
  'pages hold every entry once, in order, fit a datagram and leave no room for one more (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    const pathOf = () => random.pick(['a', 'ä', '漢']).repeat(random.int(1, random.pick([10, 80, 330])));
    const entries = Array.from({ length: random.int(0, 400) }, (_, index) =>
      file(`${index}/${pathOf()}`, index),
    );
    const plan = new PublishPlan(1, 0, entries);
    const pages = Array.from({ length: plan.pages }, (_, page) => plan.entriesOf(page));
    expect(pages.flat()).toEqual(entries);
    for (let page = 0; page < plan.pages; page++) {
      expect(bytesOf(plan, page)).toBeLessThanOrEqual(1_200);
      const [next] = plan.entriesOf(page + 1);
      if (next === undefined) continue;
      expect(bytesOf(plan, page) + 44 + Buffer.byteLength(next.path)).toBeGreaterThan(1_200);
    }
  },
);

test('an empty catalog is one empty page; the longest path fits; one longer is left out', () => {
  expect(new PublishPlan(1, 0, []).pages).toBe(1);
  const longest = file('x'.repeat(PATH_BYTES_MAX));
  const plan = new PublishPlan(1, 0, [longest, file('x'.repeat(PATH_BYTES_MAX + 1)), file('ok')]);
  expect(plan.pages).toBe(1);
  expect(plan.entriesOf(0).map(({ path }) => path.length)).toEqual([PATH_BYTES_MAX, 2]);
  expect(bytesOf(plan, 0)).toBeLessThanOrEqual(1_200);
});

test('partial entries have no path: at most 64 per page, and the page fits a datagram', () => {
  const partial: PublishedEntry[] = Array.from({ length: 200 }, (_, index) => ({
    ...file(`${index}`),
    kind: 'partial',
    path: '',
  }));
  const plan = new PublishPlan(1, 0, partial);
  expect(
    Math.max(...Array.from({ length: plan.pages }, (_, page) => plan.entriesOf(page).length)),
  ).toBeLessThanOrEqual(64);
  expect(bytesOf(plan, 0)).toBeLessThanOrEqual(1_200);
});

test.each(seeds(50))('the publish window holds for acknowledgements in any order (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const plan = new PublishPlan(1, 0, new FakeFeed(random.int(0, 2_000)).entries());
  const underWay = new Set<number>();
  const sent = new Set<number>();
  while (!plan.done) {
    for (let page = plan.takeNext(); page !== undefined; page = plan.takeNext()) {
      expect(sent.has(page)).toBe(false);
      sent.add(page);
      underWay.add(page);
    }
    expect(underWay.size).toBeLessThanOrEqual(PUBLISH_WINDOW);
    plan.acknowledge(plan.pages + 5); // Invalid acknowledgements are ignored.
    const page = random.pick([...underWay]);
    underWay.delete(page);
    plan.acknowledge(page);
    plan.acknowledge(page);
  }
  expect(sent.size).toBe(plan.pages);
  expect(underWay.size).toBe(0);
});

test('a remote tracker gets at most one window of pages every 10 ms', () => {
  const feed = new FakeFeed(10_000);
  const publisher = new Publisher(feed, true);
  let nowMs = 0;
  let count = 0;
  while (!publisher.caughtUp) {
    const pages = publisher.take(nowMs);
    count += pages.length;
    for (const { plan, page } of pages) {
      const heldVersion = page === plan.pages - 1 ? plan.version : 0;
      publisher.acknowledged({ type: 'published', version: plan.version, page, heldVersion }, nowMs);
    }
    if (pages.length === 0) expect(publisher.nextMs).toBeGreaterThan(nowMs);
    nowMs += 1;
  }
  expect(count / (nowMs / 1_000)).toBeLessThan(1_700);
  expect(count / (nowMs / 1_000)).toBeGreaterThan(1_000);
});

test('a publication has 4,096 changes at most; the next one follows at once', () => {
  const feed = new FakeFeed();
  for (let number = 0; number < 4_212; number++) feed.put(file(`${number}`, number));
  const publisher = new Publisher(feed, false);
  publisher.reset(1);
  const published: string[] = [];
  const publish = () => {
    let pages = publisher.take(0);
    const plan = publisher.plan;
    for (; pages.length > 0; pages = publisher.take(0))
      for (const { plan: sent, page } of pages) {
        if (sent !== plan) return;
        published.push(...sent.entriesOf(page).map(({ path }) => path));
        const isLast = published.length === 4_096;
        const heldVersion = isLast ? sent.version : sent.base;
        publisher.acknowledged({ type: 'published', version: sent.version, page, heldVersion }, 0);
      }
  };
  publish();
  expect([published.length, publisher.held]).toEqual([4_096, 4_097]);
  expect(publisher.plan).toMatchObject({ base: 4_097, version: 4_212 });
  expect(feed.asked).toEqual(['since 1', 'since 4097']);
});
