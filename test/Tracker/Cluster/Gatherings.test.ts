import { expect, test } from 'vitest';
import { Gatherings, type GatherOptions } from '../../../Tracker/Cluster/Gatherings.ts';
import { runOf } from '../peers.ts';
import { recordExamples } from './examples.ts';

const MEMBER = runOf(7);

/** Gatherings of one member each, and the numbers of those that ended. */
function made() {
  const ended: number[] = [];
  const gatherings = new Gatherings(0);
  const open = (changes: Partial<GatherOptions> = {}) => {
    const end = () => void ended.push(ended.length);
    return gatherings.open({ asked: [MEMBER], awaited: [MEMBER], end, ...changes }, 0);
  };
  /** Whether a part of an answer is taken that is not the last one. */
  const takes = (question: number | undefined, bytes: number, part = 0) =>
    gatherings.answered(
      { ...recordExamples.found, from: MEMBER, question: question ?? -1, part, isLast: false },
      bytes,
      0,
    );
  return { gatherings, open, takes, ended };
}

test('1,024 questions are open at once, further ones are not asked until some end', () => {
  const { gatherings, open, ended } = made();
  const numbers = Array.from({ length: 1_024 }, () => open());
  expect(new Set(numbers).size).toBe(1_024);
  expect(open()).toBeUndefined();
  gatherings.expire(300);
  expect(ended).toHaveLength(1_024);
  expect(open()).toBeDefined();
});

test('one tracker may answer one question with 512 KiB', () => {
  const { open, takes } = made();
  const question = open();
  expect(takes(question, 524_287, 0)).toBe(true);
  expect(takes(question, 2, 1)).toBe(false);
  expect(takes(question, 1, 2)).toBe(true);
});
