import { describe, expect, test } from 'vitest';
import { planHome } from '../../../../Peer/Network/Trackers/ClusterHome.ts';
import { HoldDowns } from '../../../../Peer/Network/Trackers/HoldDowns.ts';
import type { PeerId } from '../../../../Protocol/Ids.ts';

const MINUTE = 60_000;

/** A tracker that comes back at these times. */
function backAt(...times: readonly number[]): HoldDowns {
  const holds = new HoldDowns();
  for (const nowMs of times) holds.returned('10.0.0.1:6881', nowMs);
  return holds;
}

describe('a tracker that comes back', () => {
  test.each([
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 4],
    [6, 16],
    [20, 16],
  ])('for the %i. time is held down for %i minutes', (times, minutes) => {
    const holds = backAt(...Array<number>(times).fill(5_000));
    const endMs = 5_000 + minutes * MINUTE;
    expect(holds.isHeld('10.0.0.1:6881', endMs - 1)).toBe(minutes > 0);
    expect(holds.isHeld('10.0.0.1:6881', endMs)).toBe(false);
    expect(holds.nextEndMs(5_000)).toBe(minutes > 0 ? endMs : Number.POSITIVE_INFINITY);
  });

  test('begins anew after an hour', () => {
    expect(backAt(0, 60 * MINUTE - 1).isHeld('10.0.0.1:6881', 60 * MINUTE)).toBe(true);
    expect(backAt(0, 60 * MINUTE).isHeld('10.0.0.1:6881', 60 * MINUTE)).toBe(false);
  });

  test('is one of 128 that are remembered', () => {
    const holds = backAt(0);
    for (let port = 1; port <= 128; port++) holds.returned(`10.0.0.2:${port}`, 0);
    for (const key of ['10.0.0.1:6881', '10.0.0.2:128']) holds.returned(key, 1);
    expect(holds.isHeld('10.0.0.1:6881', 2)).toBe(false);
    expect(holds.isHeld('10.0.0.2:128', 2)).toBe(true);
  });
});

describe('a tracker that is held down', () => {
  const self = 'ab'.repeat(32) as PeerId;
  const [one, other] = [1, 2].map((number) => ({ host: `10.0.0.${number}`, port: 6_881 }));
  const both = [one, other].flatMap((address) => (address === undefined ? [] : [address]));
  const first = planHome(
    self,
    [],
    both.map((address) => ({ address, isHeld: false })),
  ).open;
  const [best, worse] = first as [(typeof first)[number], (typeof first)[number]];

  test('is left for one of lower rank', () => {
    const used = [
      { address: best, isHeld: true, caughtUp: true },
      { address: worse, isHeld: false, caughtUp: true },
    ];
    expect(planHome(self, used, [])).toEqual({ leave: [best], open: [] });
  });

  test('is neither contacted in place of a home, nor the last one to be tried without one', () => {
    const used = [{ address: worse, isHeld: false, caughtUp: true }];
    expect(planHome(self, used, [{ address: best, isHeld: true }]).open).toEqual([]);
    const spares = [
      { address: best, isHeld: true },
      { address: worse, isHeld: false },
    ];
    expect(planHome(self, [], spares).open).toEqual([worse, best]);
  });
});
