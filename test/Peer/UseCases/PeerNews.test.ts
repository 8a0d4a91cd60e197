import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { News } from '../../../Peer/CommandInterface.ts';
import type { DownloadManager } from '../../../Peer/DownloadManager.ts';
import type { DownloadStatus } from '../../../Peer/DownloadModel.ts';
import type { NetworkManager } from '../../../Peer/NetworkManager.ts';
import { PeerNews } from '../../../Peer/UseCases/PeerNews.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';

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

test('a folder of which not all peers are known, or answer, is reported', () => {
  const news = new PeerNews();
  const heard: News[] = [];
  news.listen((each) => heard.push(each));
  news.partialFolder('films', { trackers: 2, trackersKnown: 3 });
  news.slowPeers('films', 1);
  expect(heard).toEqual([
    {
      kind: 'warning',
      text: '2 of 3 trackers answered: files in films/ that only the others know are left out',
    },
    { kind: 'warning', text: '1 peer did not list films/ in time: files that nobody else has are left out' },
  ]);
});

test('a tracker that never answered is reported once for all addresses of its name, and not as lost', () => {
  const news = new PeerNews();
  const heard: string[] = [];
  news.listen(({ text }) => heard.push(text));
  const network = new EventEmitter();
  news.followTrackers(network as unknown as NetworkManager);
  const at = (host: string) => ({ name: 'nas', host, port: 6_881 });
  const lost = (host: string) =>
    network.emit('trackerLost', at(host), new ShoalError('NO_TRACKER', 'it does not answer'));
  lost('192.0.2.7');
  lost('192.0.2.8');
  expect(heard.splice(0)).toEqual([
    'no connection to the tracker at nas (192.0.2.7:6881): it does not answer',
  ]);
  network.emit('trackerFound', at('192.0.2.8'));
  lost('192.0.2.8');
  lost('192.0.2.7');
  expect(heard).toEqual([
    'connected to the tracker at nas (192.0.2.8:6881)',
    'lost the tracker at nas (192.0.2.8:6881): it does not answer',
  ]);
});

test('of 256 trackers at most the last report is known', () => {
  const news = new PeerNews();
  const heard: string[] = [];
  news.listen(({ text }) => heard.push(text));
  const network = new EventEmitter();
  news.followTrackers(network as unknown as NetworkManager);
  for (const port of [...Array.from({ length: 257 }, (_, index) => 1_000 + index), 1_256, 1_000])
    network.emit('trackerLost', { host: '192.0.2.7', port }, new ShoalError('NO_TRACKER', 'silent'));
  expect(heard).toHaveLength(258);
  expect(heard.at(-1)).toContain(':1000');
});

test('a download that a full disk pauses is reported once, and once more when it resumes', () => {
  const news = new PeerNews();
  const heard: string[] = [];
  news.listen(({ text }) => heard.push(text));
  let download = { number: 1, path: 'film.mkv', state: 'fetching', bytes: 5 } as DownloadStatus;
  const events = new EventEmitter();
  const downloads = Object.assign(events, { find: () => download }) as unknown as DownloadManager;
  news.followDownloads(downloads);
  const change = (next: Partial<DownloadStatus>) => {
    download = { ...download, error: undefined, ...next };
    events.emit('changed', download);
  };
  const error = new ShoalError('DISK_FULL', 'the disk is full');
  for (let retry = 0; retry < 3; retry++) {
    change({ state: 'paused', error });
    change({ state: 'fetching' });
    news.chunkWritten(downloads); // Another download.
  }
  expect(heard).toEqual([
    expect.stringMatching(/^film\.mkv pauses: the disk is full\. It goes on by itself/),
  ]);
  change({ state: 'fetching', bytes: 6 });
  news.chunkWritten(downloads);
  news.chunkWritten(downloads);
  expect(heard.slice(1)).toEqual(['film.mkv goes on']);
  change({ state: 'paused' }); // Paused by the user.
  expect(heard).toHaveLength(2);
});

test.each([
  ['film.mkv', '/share/film.mkv', 'film.mkv is complete'],
  ['Holiday/', '/share/Holiday', 'Holiday/ is complete'],
  ['a/b.txt', 'C:\\share\\a\\b.txt', 'a/b.txt is complete'],
  ['../../x.part', '/share/x.part_', '../../x.part is complete: /share/x.part_'],
  ['a.txt', '/share/a (2).txt', 'a.txt is complete: /share/a (2).txt'],
])('a complete download %s at %s is reported as "%s"', (path, finalPath, text) => {
  const news = new PeerNews();
  const heard: string[] = [];
  news.listen((each) => heard.push(each.text));
  const events = new EventEmitter();
  news.followDownloads(events as unknown as DownloadManager);
  events.emit('completed', { number: 1, path, finalPath });
  events.emit('completed', { number: 1, path, finalPath, beside: 2 });
  const beside = '; files that lie beside another one of their name, as "name (2)": 2';
  expect(heard).toEqual([text, `${text}${beside}`]);
});
