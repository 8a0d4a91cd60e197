import { expect, test } from 'vitest';
import type { WatchEvents } from '../../../../Peer/Files/Watching/FolderWatcher.ts';
import type { RootState } from '../../../../Peer/Files/Watching/RootState.ts';
import { ShareWatcher } from '../../../../Peer/Files/Watching/ShareWatcher.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

function present(identity: string, more: Partial<RootState & { kind: 'present' }> = {}): RootState {
  return { kind: 'present', identity, createdNs: undefined, isReadOnly: false, ...more };
}

const GONE: RootState = { kind: 'gone', reason: 'it does not exist' };

/** A watcher of a share folder whose state the test sets. */
async function desk(root = present('1')) {
  const clock = new SimulatedClock();
  const seen: string[] = [];
  const state = { root, opened: 0, closed: 0 };
  let report: WatchEvents | undefined;
  const watcher = new ShareWatcher({
    root: '/share',
    watch: (_, events) => {
      state.opened++;
      report = events;
      return { ready: Promise.resolve(), close: async () => void state.closed++ };
    },
    look: () => state.root,
    clock,
    wallMs: clock.wallMs,
    rescanMs: 30_000,
    events: {
      changed: (path) => seen.push(`changed ${path}`),
      folderChanged: () => {},
      isSelfCreated: () => false,
      problem: () => {},
      rescan: () => seen.push('rescan'),
      gone: (reason) => seen.push(`gone: ${reason}`),
      back: () => seen.push('back'),
      limited: (code) => seen.push(`limited: ${code}`),
    },
  });
  await watcher.start();
  const become = async (now: RootState) => {
    state.root = now;
    clock.advance(2_000);
    await clock.flush();
  };
  return { clock, watcher, seen, state, become, report: () => report };
}

test('a share folder that vanishes is reported once, and watched anew when it is back', async () => {
  const { watcher, seen, state, become, clock } = await desk();
  const sinceMs = clock.wallMs() + 2_000;
  await become(GONE);
  await become({ kind: 'gone', reason: 'it cannot be read (EIO)' });
  expect(seen).toEqual(['gone: it does not exist']);
  const gone = { sinceMs, reason: 'it cannot be read (EIO)' };
  expect(watcher.health).toEqual({ mode: 'gone', gone, readOnly: false });
  expect([state.opened, state.closed]).toEqual([1, 1]);
  await become(present('1'));
  expect(seen).toEqual(['gone: it does not exist', 'back']);
  expect(watcher.health).toEqual({ mode: 'watching', gone: undefined, readOnly: false });
  expect(state.opened).toBe(2);
});

test.each([
  ['another disk, mounted over it', present('1', { createdNs: 5n }), present('2', { createdNs: 5n })],
  ['a new folder with the same inode', present('1', { createdNs: 5n }), present('1', { createdNs: 6n })],
])('%s is another folder: it is watched', async (_, one, other) => {
  const { seen, state, become } = await desk(one);
  await become(other);
  expect(seen).toEqual(['back']);
  expect([state.opened, state.closed]).toEqual([2, 1]);
});

test('the same folder is left alone, also where its creation time is not known at first', async () => {
  const { seen, state, become } = await desk(present('1'));
  await become(present('1', { createdNs: 5n }));
  await become(present('1'));
  expect(seen).toEqual([]);
  expect(state.opened).toBe(1);
});

test('a change of the share folder itself is checked at once', async () => {
  const { seen, state, report } = await desk();
  state.root = GONE;
  report()?.changed('');
  expect(seen).toEqual(['gone: it does not exist', 'changed ']);
});

test('a read-only folder is a fact of its health', async () => {
  const { watcher, become, seen } = await desk(present('1', { isReadOnly: true }));
  expect(watcher.health.readOnly).toBe(true);
  await become(present('1'));
  expect(watcher.health.readOnly).toBe(false);
  expect(seen).toEqual([]);
});

test('at the limit of watches all are released, and the share is scanned every 30 s, also after it was gone', async () => {
  const { clock, watcher, seen, state, report, become } = await desk();
  report()?.limited('ENOSPC');
  report()?.limited('EMFILE');
  expect([watcher.health.mode, state.closed]).toEqual(['re-scanning', 1]);
  clock.advance(60_000);
  expect(seen).toEqual(['limited: ENOSPC', 'rescan', 'rescan']);
  await become(GONE);
  await become(present('1'));
  expect(watcher.health.mode).toBe('re-scanning');
  expect(state.opened).toBe(1);
  expect(seen.slice(3)).toEqual(['gone: it does not exist', 'back']);
});

test('closed, it checks nothing and sets no timer', async () => {
  const { clock, watcher, seen, become } = await desk();
  await watcher.close();
  await become(GONE);
  watcher.check();
  expect(seen).toEqual([]);
  expect(clock.pending).toBe(0);
});
