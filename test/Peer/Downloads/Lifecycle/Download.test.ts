import { expect, test } from 'vitest';
import {
  DISK_RETRY_MS,
  type DownloadEvent,
  type DownloadProgress,
  decide,
  hasEnded,
  isRunning,
  newDownload,
} from '../../../../Peer/Downloads/Lifecycle/Download.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { type ErrorCode, ShoalError } from '../../../../Shared/ShoalError.ts';
import { seeds } from '../../../Support/seeds.ts';

const stopped = (code: ErrorCode, progressed = false): DownloadEvent => ({
  kind: 'stopped',
  error: new ShoalError(code, code),
  progressed,
});

/** Applies events to a new download. */
function play(...events: DownloadEvent[]) {
  let progress = newDownload('waiting');
  let actions: readonly string[] = [];
  for (const event of events) ({ next: progress, actions } = decide(progress, event, 1_000));
  return { ...progress, actions };
}

const moved = (sources: number, described: boolean): DownloadEvent => ({
  kind: 'sources',
  sources,
  described,
});

test.each<[string, DownloadEvent[], Partial<ReturnType<typeof play>>]>([
  ['its turn', [{ kind: 'start' }], { state: 'searching', actions: ['run'] }],
  ['a source, no chunk list', [{ kind: 'start' }, moved(1, false)], { state: 'describing' }],
  ['a source and the list', [{ kind: 'start' }, moved(1, true)], { state: 'fetching' }],
  ['all sources gone', [{ kind: 'start' }, moved(1, true), moved(0, true)], { state: 'searching' }],
  ['all verified', [{ kind: 'start' }, { kind: 'complete' }, moved(0, true)], { state: 'finishing' }],
  ['finished', [{ kind: 'start' }, { kind: 'finished', path: '/x' }], { state: 'done', finalPath: '/x' }],
  [
    'pause',
    [{ kind: 'start' }, { kind: 'pause' }],
    { state: 'paused', actions: ['stop', 'remember paused'] },
  ],
  ['paused: no turn', [{ kind: 'pause' }, { kind: 'start' }], { state: 'paused', actions: [] }],
  [
    'resume',
    [{ kind: 'pause' }, { kind: 'resume' }],
    { state: 'waiting', actions: ['remember resumed', 'queue'] },
  ],
  ['cancel', [{ kind: 'start' }, { kind: 'cancel' }], { state: 'cancelled', actions: ['stop', 'discard'] }],
  [
    'disk full',
    [{ kind: 'start' }, stopped('DISK_FULL')],
    { state: 'paused', retryAtMs: 1_000 + DISK_RETRY_MS, actions: ['retry'] },
  ],
  [
    'disk again',
    [{ kind: 'start' }, stopped('DISK_FULL'), { kind: 'retryDue' }],
    { state: 'waiting', actions: ['queue'] },
  ],
  [
    'disk full, user pauses',
    [{ kind: 'start' }, stopped('DISK_FULL'), { kind: 'pause' }],
    { state: 'paused', retryAtMs: undefined },
  ],
  ['user paused: no retry', [{ kind: 'pause' }, { kind: 'retryDue' }], { state: 'paused', actions: [] }],
  [
    'file gone',
    [{ kind: 'start' }, stopped('PART_FILE_GONE')],
    { state: 'waiting', restarted: true, actions: ['discard', 'queue'] },
  ],
  [
    'gone twice',
    [{ kind: 'start' }, stopped('PART_FILE_GONE'), { kind: 'start' }, stopped('PART_FILE_GONE')],
    { state: 'failed' },
  ],
  ['nobody has it', [{ kind: 'start' }, stopped('NOT_FOUND')], { state: 'failed', actions: [] }],
  [
    'failed, resume',
    [{ kind: 'start' }, stopped('NOT_FOUND'), { kind: 'resume' }],
    { state: 'waiting', error: undefined },
  ],
])('%s', (_name, events, wanted) => {
  expect(play(...events)).toMatchObject(wanted);
});

test('a disk that keeps failing is left to the user, unless something was written between', () => {
  const failures = (progressed: boolean) => {
    let progress = newDownload('waiting');
    for (let failure = 0; failure < 5; failure++) {
      for (const event of [
        { kind: 'start' },
        stopped('DISK_FAILED', progressed),
        { kind: 'retryDue' },
      ] as const) {
        progress = decide(progress, event, 0).next;
      }
    }
    return progress.state;
  };
  expect(failures(false)).toBe('failed');
  expect(failures(true)).toBe('waiting');
});

test.each(seeds(200))(
  'done and cancelled are final, and a run starts only from waiting (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    let progress: DownloadProgress = newDownload(random.pick(['waiting', 'paused']));
    for (let step = 0; step < 40; step++) {
      const event = random.pick<DownloadEvent>([
        { kind: 'start' },
        moved(random.int(0, 2), random.chance(0.5)),
        { kind: 'complete' },
        { kind: 'finished', path: '/x' },
        stopped(random.pick(['DISK_FULL', 'DISK_FAILED', 'PART_FILE_GONE', 'NOT_FOUND']), random.chance(0.5)),
        { kind: 'retryDue' },
        { kind: 'pause' },
        { kind: 'resume' },
        { kind: 'cancel' },
      ]);
      const { next, actions } = decide(progress, event, step);
      if (progress.state === 'done' || progress.state === 'cancelled')
        expect(next.state).toBe(progress.state);
      if (actions.includes('run')) expect(progress.state).toBe('waiting');
      if (isRunning(progress.state) && next.state === 'paused') {
        expect(actions.some((action) => action === 'stop' || action === 'retry')).toBe(true);
      }
      if (next.state === 'failed') expect(next.error).toBeDefined();
      expect(hasEnded(next.state) && isRunning(next.state)).toBe(false);
      progress = next;
    }
  },
);
