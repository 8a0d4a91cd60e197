import type { FileId, InstanceId, PeerId } from '../Protocol/Ids.ts';
import { NO_TOKEN } from '../Protocol/PeerProof.ts';
import type { TrackerRequest } from '../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import { TrackerLogic } from '../Tracker/TrackerLogic.ts';
import { Crowd, hex32 } from './Costs/Crowd.ts';
import { flood } from './Costs/Flood.ts';
import { Stopwatch } from './Costs/Stopwatch.ts';
import type { Figure, TrialSettings } from './Trial.ts';

/** Limit on the CPU time of one datagram. */
const COST_MAX_MS = 5;
/** Tries of each question. */
const TRIES = 40;
const TRIES_SHORT = 15;

/**
 * Cost of the most expensive datagram of each kind for a tracker with a million files (CPU time without pauses of the
 * garbage collector), and service of a registered peer during a flood of a stranger.
 */
export async function run({ short, seed }: TrialSettings): Promise<readonly Figure[]> {
  const peers = short ? 300 : 10_000;
  const tracker = () =>
    new TrackerLogic({
      instanceId: '00000000000000ff' as InstanceId,
      secret: new SeededRandom(seed).bytes(32),
      wallClock: () => 0,
    });
  const logics = Array.from({ length: short ? 3 : 2 }, tracker);
  const [logic = tracker()] = logics;
  const crowd = new Crowd(logic, seed);
  const watch = new Stopwatch(logics, crowd);
  for (let peer = 0; peer < peers; peer++) {
    watch.send('heartbeat of a new peer', crowd.heartbeat(peer), peer);
    for (const page of crowd.pages(peer)) watch.send('publish', page, peer);
    if (peer % 100 === 99) await watch.settle();
    if (peer % 1_000 === 999) process.stderr.write(`\r${peer + 1} peers of ${peers}`);
  }
  process.stderr.write(`\r${crowd.files} files of ${peers} peers\n`);
  ask(watch, crowd, peers, short ? TRIES_SHORT : TRIES);
  await watch.settle();
  // All are flooded, so that they stay in the same state.
  const [flooded = []] = logics.map((each) => flood(each, crowd, watch.nowMs));
  await leave(watch, crowd, peers, short);
  return [...(await watch.figures(COST_MAX_MS)), ...flooded];
}

/** Every question, in its most expensive forms. */
function ask(watch: Stopwatch, crowd: Crowd, peers: number, tries: number): void {
  const search = (words: string, cursor = 0): TrackerRequest => ({ type: 'search', words, cursor });
  const locate = (fileId: string): TrackerRequest => ({
    type: 'locate',
    fileId: fileId as FileId,
    cursor: 0,
  });
  const random = new SeededRandom(7);
  for (let at = 0; at < tries; at++) {
    watch.again('search: first digits of an id', search(random.hex(4)));
    watch.again('search: first digits that many ids share', search('aaaa0000'));
    watch.again('search: the commonest word', search('mp3'));
    watch.again('search: the commonest words', search('music mp3 m'));
    watch.again('search: two letters', search(crowd.word().slice(0, 2)));
    watch.again(
      'search: many words',
      search(Array.from({ length: 30 }, () => crowd.word().slice(0, 2)).join(' ')),
    );
    watch.again('search: a later page', search(crowd.word(), 3));
    watch.again('locate: what everybody has', locate(`aaaa${hex32(0).slice(4)}`));
    watch.again('locate: nothing', locate(random.hex(32)));
    watch.again('peers', { type: 'peers', cursor: random.int(0, peers) });
    watch.again('folder: in half of all names', {
      type: 'folder',
      path: 'Music',
      cursor: random.int(0, peers),
    });
    watch.again('assignPort', { type: 'assignPort' });
    watch.again('heartbeat, repeated', crowd.heartbeat(at), at);
    watch.again('heartbeat, changed', crowd.heartbeat(at, { uploads: at }), at);
    watch.rest('a step between datagrams');
  }
}

/** Large catalogs that are replaced, restarted, left and expired; names made of very many words; unlisted peers. */
async function leave(watch: Stopwatch, crowd: Crowd, peers: number, short: boolean): Promise<void> {
  const tries = short ? TRIES_SHORT : TRIES;
  const files = short ? 10_000 : 250_000;
  const wordy = (at: number) =>
    Array.from({ length: 60 }, (_, word) => `w${(at * 7 + word) % 900}`).join(' ');
  const whole = (peer: number, count: number, version: number, nameOf?: (at: number) => string) => {
    for (const [at, page] of crowd.pages(peer, count, version, nameOf).entries()) {
      watch.send('publish', page, peer);
      if (at % 1_000 === 999) watch.pass(500); // A peer may publish 2,000 pages a second.
    }
  };
  watch.send('heartbeat of a new peer', crowd.heartbeat(peers + 1), peers + 1);
  whole(peers + 1, files / 10, 1, wordy);
  for (let at = 0; at < tries; at++) {
    const words = Array.from({ length: 40 }, (_, word) => `w${(at + word) % 900}`).join(' ');
    watch.again('search: names of 60 words', { type: 'search', words, cursor: 0 });
    watch.again('search: names of 60 words, one letter', { type: 'search', words: `w${at} w`, cursor: 0 });
  }
  watch.send('heartbeat of a new peer', crowd.heartbeat(peers + 2), peers + 2);
  whole(peers + 2, files, 1);
  whole(peers + 2, 10, 2);
  watch.rest('a step between datagrams');
  watch.send('heartbeat of a new peer', crowd.heartbeat(peers + 3), peers + 3);
  whole(peers + 3, files, 1);
  watch.send(
    'heartbeat of a restarted peer',
    crowd.heartbeat(peers + 3, { instanceId: '0000000000000002' as InstanceId }),
    peers + 3,
  );
  watch.send(
    'leave',
    {
      type: 'leave',
      peerId: hex32(peers + 3) as PeerId,
      instanceId: '0000000000000001' as InstanceId,
      token: NO_TOKEN,
    },
    peers + 2,
  );
  watch.rest('a step between datagrams');
  const unlisted = short ? 1_000 : 20_000;
  for (let at = 0; at < unlisted; at++) {
    const peer = 500_000 + at;
    watch.send('heartbeat of a new peer', crowd.heartbeat(peer, { unlisted: true, catalogVersion: 0 }), peer);
  }
  for (let at = 0; at < tries; at++) {
    watch.again('search that is relayed', { type: 'search', words: crowd.word(), cursor: 0 }, at);
    watch.rest('a step between datagrams');
    watch.pass(200);
    watch.again('folder with unlisted peers', { type: 'folder', path: 'Music', cursor: 0 }, at);
    watch.rest('a step between datagrams');
  }
  // Half of all peers expire in one second.
  await watch.settle();
  watch.pass(120_000);
  for (let peer = 0; peer < peers; peer += 2)
    watch.send('heartbeat while others expire', crowd.heartbeat(peer), peer);
  watch.rest('a step between datagrams');
  watch.pass(300_000);
  watch.send('heartbeat while others expire', crowd.heartbeat(0), 0);
  watch.rest('a step between datagrams');
}
