import { expect, test } from 'vitest';
import { Gatherings, type GatherOptions } from '../../../Tracker/Cluster/Gatherings.ts';
import { runOf } from '../peers.ts';
import { recordExamples } from './examples.ts';

const MEMBER = runOf(7);

/** Gatherings of one member each, and the number of whole answers of those that ended. */
function made() {
  const ended: number[] = [];
  const gatherings = new Gatherings(0);
  const open = (changes: Partial<GatherOptions> = {}) => {
    const end: GatherOptions['end'] = ({ answered }) => void ended.push(answered);
    return gatherings.open({ asked: [MEMBER], awaited: [MEMBER], end, ...changes }, 0);
  };
  /** Whether a part of an answer is taken. */
  const takes = (question: number | undefined, bytes: number, part = 0, isLast = false) =>
    gatherings.answered(
      { ...recordExamples.found, from: MEMBER, question: question ?? -1, part, isLast },
      bytes,
      0,
    );
  return { gatherings, open, takes, ended };
}

test('1,024 questions are open at once, further ones are not sent until some end', () => {
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

test('the last part ends an answer; one that lacks a part before it, which cannot come any more, does not count', () => {
  const { open, takes, ended } = made();
  const [whole, cut] = [open(), open()];
  takes(whole, 1, 0);
  takes(cut, 1, 0);
  expect(ended).toEqual([]);
  takes(whole, 1, 1, true);
  takes(cut, 1, 2, true);
  expect(ended).toEqual([1, 0]);
});

test('an answer without its last part does not count', () => {
  const { gatherings, open, takes, ended } = made();
  takes(open(), 1, 0);
  gatherings.expire(300);
  expect(ended).toEqual([0]);
});
