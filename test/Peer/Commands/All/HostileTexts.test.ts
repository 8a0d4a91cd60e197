import { expect, test } from 'vitest';
import { type COMMANDS, runOneShot } from '../../../../Peer/CommandInterface.ts';
import type { SwarmMember, TrackerStatus } from '../../../../Peer/Model.ts';
import type { TakenFile } from '../../../../Peer/NetworkModel.ts';
import type { OfferStatus, PartStatus } from '../../../../Peer/PushModel.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { downloadOf, entryOf, FakeControls, fileIdOf, hitOf, peerOf } from '../FakeControls.ts';

/** What a stranger may put into a name: colours, a bell, line ends, marks that reorder or hide text. */
const EVIL = 'a\u001b[31m\u0007\r\nb\u009b1m\u202ec\u200bd\u2028';
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e\u2028]/u;

/** A peer that knows nothing but hostile texts. */
function among() {
  const controls = new FakeControls();
  Object.assign(controls.self, { name: EVIL });
  const host = { host: '10.0.0.7', port: 9_007 };
  const other = { ...peerOf(2, EVIL), address: host };
  const contact = { peerId: other.peerId, name: EVIL, address: host, relayedBy: EVIL };
  const error = new ShoalError('DISK_FAILED', EVIL, { hint: EVIL });
  const source = {
    peer: contact,
    state: 'left' as const,
    why: 'unreachable' as const,
    place: undefined,
    bytes: 0,
    bytesPerSecond: 0,
    chunksHeld: 0,
  };
  const version = { fileId: fileIdOf(7), size: 1, modifiedMs: 5, copies: 1, isHere: false };
  const versions = [{ path: EVIL, taken: version, others: [version] }];
  const common = {
    sources: [source],
    error,
    finalPath: `/share/${EVIL}`,
    reason: EVIL,
    versions,
    renamed: 1,
  };
  controls.files = [entryOf(EVIL, 5), entryOf(`folder/${EVIL}`, 5, 2)];
  controls.others = [other];
  controls.hits = [hitOf(EVIL, 5, 1), { ...hitOf(EVIL, 5, 2), holders: [{ ...contact, complete: false }] }];
  controls.remote.set(EVIL, [entryOf(EVIL, 5)]);
  controls.running = (['fetching', 'done', 'failed', 'paused'] as const).map((state, index) =>
    downloadOf(index + 1, EVIL, { ...common, state, cause: { code: 'failed', text: EVIL, retryInMs: 1 } }),
  );
  controls.serving = [{ peer: contact, path: EVIL, bytes: 1, bytesPerSecond: 1 }];
  const taken = { path: EVIL, size: 1, bytes: 1, complete: true, firstWallMs: 0, lastWallMs: 0 };
  controls.taken = [{ ...taken, fileId: fileIdOf(1), peer: contact } as TakenFile];
  const cluster = { name: EVIL, spares: [] };
  const tracker = { address: host, foundBy: 'cluster', state: 'lost', reason: EVIL, name: EVIL, cluster };
  controls.trackerList = [{ ...tracker, version: 1, heldVersion: 0 } as unknown as TrackerStatus];
  controls.clusterList = [{ name: EVIL, tracker: host, connected: true, received: 1, sent: 1, members: [] }];
  const reasons = [{ reason: EVIL, count: 1 }];
  controls.shareNow = {
    folder: `/share/${EVIL}`,
    gone: { sinceMs: 0, reason: EVIL },
    problems: [{ path: EVIL, reason: EVIL }],
    notShared: reasons,
    ignored: reasons,
  };
  controls.privateNetwork = { name: EVIL, id: 'ab' };
  const member = {
    chunks: 1,
    bytes: 1,
    complete: false,
    bytesPerSecond: 0,
    giving: 0,
    taking: 0,
    linked: true,
  };
  const members: SwarmMember[] = [
    { ...member, peer: undefined },
    { ...member, peer: contact },
  ];
  const swarm = { fileId: fileIdOf(1), path: EVIL, size: 9, chunkCount: 9, members, complete: 0 };
  const copies = { finishedAndLeft: 1, rarest: 1, mean: 1, secondsLeft: undefined, waitsFor: members[1] };
  controls.swarms = [{ ...swarm, ...copies }];
  controls.pushing.contents = [{ fileId: fileIdOf(1), path: 'x', size: 5 }];
  const part = { fileId: fileIdOf(1), path: EVIL, size: 5, chunkCount: 1, count: 1, ranges: [] };
  controls.pushing.here = [part as unknown as PartStatus];
  const offer = { number: 1, peer: contact, path: EVIL, size: 5, chunks: 1, chunkCount: 1 };
  controls.pushing.waiting = [offer as unknown as OfferStatus];
  return controls;
}

/** Lines that make every command print names. A new command needs one here. */
const LINES: Readonly<Record<keyof typeof COMMANDS, readonly string[]>> = {
  list: ['list', 'list 10.0.0.7:9007', 'list nobody', 'list x/'],
  search: ['search x'],
  parts: ['parts'],
  link: ['link'],
  download: ['download x', 'download y'],
  get: ['get 10.0.0.7:9007 x'],
  downloads: ['downloads', 'downloads 1', 'downloads 3'],
  pause: ['pause 1', 'pause 2'],
  resume: ['resume 2', 'resume 4 --no-wait'],
  first: ['first 1'],
  cancel: ['cancel 1', 'cancel 2'],
  swarm: ['swarm x --once'],
  send: ['send', 'send x 10.0.0.7:9007 --no-wait'],
  accept: ['accept', 'accept 1'],
  reject: ['reject', 'reject 1'],
  uploads: ['uploads', 'uploads --history'],
  peers: ['peers'],
  join: ['join'],
  connect: ['connect 10.0.0.7:9007'],
  refresh: ['refresh'],
  status: ['status', 'status --verbose'],
  doctor: ['doctor'],
  tracker: ['tracker'],
  whoami: ['whoami'],
  network: ['network'],
  limit: ['limit'],
  web: ['web'],
  menu: [],
  help: ['help', 'help get'],
  quit: [],
};

test.each(Object.values(LINES).flat())(
  '%s: no control character of others reaches the terminal',
  async (line) => {
    for (const width of [40, 80, null]) {
      const controls = among();
      const clock = new SimulatedClock();
      const done = controls.running[1];
      controls.answer = (what) =>
        what === 'y' || done === undefined
          ? { kind: 'choose', hits: controls.hits, exact: false }
          : { kind: 'started', download: done, note: EVIL };
      const { signal } = new AbortController();
      const request = { line, command: line, width, color: false };
      const asked = runOneShot(request, { controls, clock, signal, progress: () => {} });
      const { text, json } = await clock.settle(asked);
      expect({ line, width, text: UNSAFE.exec(text)?.[0] }).toEqual({ line, width, text: undefined });
      expect(json).not.toMatch(UNSAFE);
    }
  },
);
