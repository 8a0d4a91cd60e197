import { expect, test } from 'vitest';
import { ChangeCoalescer, type ChangedNames } from '../../../../Peer/Files/Watching/ChangeCoalescer.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

function desk(isBusy = () => false) {
  const clock = new SimulatedClock();
  const scans: ChangedNames[] = [];
  const scan = (changed: ChangedNames) => void scans.push(changed);
  const changes = new ChangeCoalescer(clock, 100, scan, isBusy);
  return { clock, scans, changes };
}

const ALL = 'all' as const;

test('a burst of changes costs one scan, of just the names that changed', () => {
  const { clock, scans, changes } = desk();
  for (const path of ['a', 'd/b', 'd/c', 'd/b', 'a']) changes.add(path);
  changes.addFolder('new');
  expect(scans).toEqual([]);
  clock.advance(100);
  expect(scans).toEqual([
    new Map<string, ReadonlySet<string> | 'all'>([
      ['', new Set(['a'])],
      ['d', new Set(['b', 'c'])],
      ['new', ALL],
    ]),
  ]);
  changes.add('a');
  clock.advance(100);
  expect(scans[1]).toEqual(new Map([['', new Set(['a'])]]));
});

test('a change of the share itself scans everything', () => {
  const { clock, scans, changes } = desk();
  changes.add('');
  changes.add('a');
  clock.advance(100);
  expect(scans).toEqual([new Map([['', ALL]])]);
});

test('a folder with more than 2,000 changed names is listed instead', () => {
  const { clock, scans, changes } = desk();
  for (let n = 0; n < 2_000; n++) changes.add(`d/${n}`);
  clock.advance(100);
  expect(scans[0]?.get('d')).toHaveProperty('size', 2_000);
  for (let n = 0; n <= 2_000; n++) changes.add(`d/${n}`);
  clock.advance(100);
  expect(scans[1]?.get('d')).toBe(ALL);
});

test('after more than 8,000 events some may be lost: the whole share is scanned, once', () => {
  const { clock, scans, changes } = desk();
  for (let n = 0; n < 8_000; n++) changes.add(`d/${n % 10}`);
  clock.advance(100);
  for (let n = 0; n <= 8_000; n++) changes.add(`d/${n % 10}`);
  clock.advance(100);
  changes.add('d/1');
  clock.advance(100);
  expect(scans.map((changed) => [...changed.keys()])).toEqual([['d'], [''], ['d']]);
});

test('running downloads defer the scan, but not for more than 5 s', () => {
  let isBusy = true;
  const { clock, scans, changes } = desk(() => isBusy);
  changes.add('a');
  clock.advance(4_900);
  expect(scans).toHaveLength(0);
  clock.advance(200);
  expect(scans).toHaveLength(1);
  changes.add('b');
  clock.advance(1_000);
  isBusy = false;
  clock.advance(100);
  expect(scans).toHaveLength(2);
});

test('closed, it scans no more and sets no timer', () => {
  const { clock, scans, changes } = desk();
  changes.add('a');
  changes.close();
  changes.add('b');
  clock.advance(60_000);
  expect(scans).toEqual([]);
  expect(clock.pending).toBe(0);
});

test('changes during a scan wait for its end, so that scans never pile up', async () => {
  const clock = new SimulatedClock();
  const ends: (() => void)[] = [];
  const scans: ChangedNames[] = [];
  const changes = new ChangeCoalescer(clock, 100, (changed) => {
    scans.push(changed);
    return new Promise((end) => ends.push(end));
  });
  changes.add('a');
  for (let n = 0; n < 10; n++) {
    clock.advance(100);
    changes.add(`d/${n}`);
  }
  expect(scans).toHaveLength(1);
  ends[0]?.();
  await clock.flush();
  clock.advance(100);
  expect(scans).toHaveLength(2);
  expect(scans[1]?.get('d')).toHaveProperty('size', 10);
});
