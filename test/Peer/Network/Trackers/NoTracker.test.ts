import { expect, test } from 'vitest';
import type { TrackerStatus } from '../../../../Peer/Model.ts';
import { noTracker } from '../../../../Peer/Network/Trackers/NoTracker.ts';

const STATUS: TrackerStatus = {
  address: { host: '192.0.2.7', port: 6_882 },
  foundBy: 'configured',
  state: 'lost',
  instanceId: undefined,
  observed: undefined,
  lastAnswerAgoMs: undefined,
  intervalMs: undefined,
  peers: undefined,
  heldVersion: 0,
  version: 1,
  reason: 'it does not answer',
};

test('without a configured tracker the hint is to start one', () => {
  expect(noTracker([])).toMatchObject({
    code: 'NO_TRACKER',
    message: 'no tracker answers',
    hint: /node Tracker\.js/,
  });
});

test('a configured tracker that does not answer is named, without the hint to start one', () => {
  const error = noTracker([{ ...STATUS, name: 'nas' }]);
  expect(error.message).toBe('the tracker nas (192.0.2.7:6882) does not answer');
  expect(error.hint).toMatch(/firewall accept UDP 6882/);
  expect(error.hint).not.toContain('Tracker.js');
  const unresolved = noTracker([{ ...STATUS, reason: 'no computer with the name x is known' }, STATUS]);
  expect(unresolved.message).toBe(
    'the tracker 192.0.2.7:6882 cannot be used, nor any of the 1 others: no computer with the name x is known',
  );
});

test('a tracker that refuses this peer is up: neither its address nor its firewall is in question', () => {
  const error = noTracker([{ ...STATUS, reason: 'the clock of this computer is wrong' }]);
  expect(error.message).toBe(
    'the tracker 192.0.2.7:6882 cannot be used: the clock of this computer is wrong',
  );
  expect(error.hint).toBe('Or link to a peer by hand: shoal connect <host:port>');
});
