import { expect, test } from 'vitest';
import type { Account } from '../../bench/Accounts.ts';
import { figuresOf, type Round } from '../../bench/Guard/Figures.ts';
import { LIMITS } from '../../bench/Guard/Limits.ts';

const MIB = 2 ** 20;
const account = (cpuSeconds: number): Account => ({
  bytesRead: 10 * MIB,
  bytesWritten: 20 * MIB,
  reads: 30,
  writes: 40,
  cpuSeconds,
  peakMiB: 50,
});
const round = (cpuSeconds: number, yardstick: number): Round => ({
  yardstick: { large: yardstick, small: yardstick },
  large: { sender: account(cpuSeconds), receiver: account(cpuSeconds) },
  small: { sender: account(cpuSeconds), receiver: account(cpuSeconds) },
  hashed: 11 * MIB,
});
const payload = { large: 10 * MIB, small: MIB, files: 10 };

test('every limit has a figure and every figure a limit', () => {
  expect(Object.keys(figuresOf([round(1, 1)], 0, payload)).toSorted()).toEqual(
    Object.keys(LIMITS).toSorted(),
  );
});

test('figures are per byte, per MiB, per file, relative to the yardstick; the minimum of the rounds counts on both sides', () => {
  const figures = figuresOf([round(3, 1), round(1, 2)], 22 * MIB, payload);
  expect(figures).toMatchObject({
    'bytes read by the sender, of the file': 1,
    'bytes written by the receiver, of the file': 2,
    'bytes hashed by the sender, of its share': 2,
    'bytes hashed by the receiver, of what it fetched': 1,
    'reads of the sender per MiB': 3,
    'writes of the receiver per MiB': 4,
    'reads and writes of the sender per small file': 7,
    'peak MiB of the receiver': 50,
    'CPU of both for the large file, of a plain copy': 2,
  });
});
