import { expect, test } from 'vitest';
import type { News } from '../../../Peer/CommandInterface.ts';
import { PeerNews } from '../../../Peer/UseCases/PeerNews.ts';

test('warnings before the first listener are kept, at most 25; other news is not', () => {
  const news = new PeerNews();
  news.tell('tracker', 'found a tracker');
  for (let index = 0; index < 40; index++) news.tell('warning', `warning ${index}`);
  const heard: News[] = [];
  const stop = news.listen((each) => heard.push(each));
  expect(heard.map(({ text }) => text)).toEqual(Array.from({ length: 25 }, (_, index) => `warning ${index}`));
  stop();
  news.tell('warning', 'late');
  expect(heard).toHaveLength(25);
});

test('names of other peers cannot send control characters to the terminal', () => {
  const news = new PeerNews();
  const heard: News[] = [];
  news.listen((each) => heard.push(each));
  news.tell('warning', 'peer \u001b[31mred');
  expect(heard[0]?.text).not.toContain('\u001b');
});
