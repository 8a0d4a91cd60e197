import { expect, test } from 'vitest';
import { ByteBudget } from '../../../../../Peer/Network/Lanes/Limits/ByteBudget.ts';

test('refunded bytes shorten the wait, and are kept up to 100 ms of the rate', () => {
  const budget = new ByteBudget(1_000, 0);
  budget.spend(500, 0);
  budget.refund(300, 0);
  expect(budget.waitMs(0)).toBe(200);
  budget.refund(5_000, 0);
  budget.spend(300, 0);
  expect(budget.waitMs(0)).toBe(200);
});

test('a debt is a second of the rate at most, or 1,024 bytes', () => {
  const waits = [100, 5_000].map((rate) => {
    const budget = new ByteBudget(rate, 0);
    budget.spend(50_000, 0);
    return budget.waitMs(0);
  });
  expect(waits).toEqual([10_240, 1_000]);
});

test('bytes that moved without a limit leave no debt for a later one', () => {
  const budget = new ByteBudget(undefined, 0);
  budget.spend(500, 0);
  budget.refund(-500, 0);
  budget.setRate(1_000, 0);
  expect(budget.waitMs(0)).toBe(0);
});
