import { expect, test } from 'vitest';
import { Blames, WITHDRAWAL_MS } from '../../../../Peer/Downloads/Sources/Blames.ts';
import type { FileSource } from '../../../../Peer/Downloads/Sources/FileSource.ts';
import { SourceScore } from '../../../../Peer/Downloads/Sources/SourceScore.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

const CONTENT = 'c'.repeat(64) as FileId;

function made() {
  const clock = new SimulatedClock();
  const score = new SourceScore();
  const source = { peer: { score }, refused: false };
  const reports: string[] = [];
  const blames = () => new Blames(CONTENT, clock, (_, verdict) => reports.push(verdict));
  return { clock, score, source, reports, blames, blamed: source as unknown as FileSource };
}

test('a source that goes on to offer the content is distrusted at once, and reported after WITHDRAWAL_MS', async () => {
  const { clock, score, reports, blames, blamed } = made();
  blames().add(blamed);
  expect([score.isDistrusted(CONTENT), reports]).toEqual([true, []]);
  await clock.advanceAsync(WITHDRAWAL_MS - 1);
  expect(reports).toEqual([]);
  await clock.advanceAsync(1);
  expect(reports).toEqual(['distrusted']);
});

test('a source that withdraws the content is forgiven, once', async () => {
  const { clock, score, source, reports, blames, blamed } = made();
  blames().add(blamed);
  source.refused = true;
  await clock.advanceAsync(WITHDRAWAL_MS);
  expect([score.isDistrusted(CONTENT), reports]).toEqual([false, []]);
  // Another download, and the same again.
  const again = blames();
  again.add(blamed);
  await clock.advanceAsync(WITHDRAWAL_MS);
  expect([score.isDistrusted(CONTENT), reports]).toEqual([true, ['distrusted']]);
  for (let more = 0; more < 2; more++) again.add(blamed);
  expect(reports).toEqual(['distrusted', 'distrusted again', 'banned']);
});

test('what arrives before a withdrawal is one event, after it each corrupt chunk counts', async () => {
  const { clock, reports, blames, blamed } = made();
  const all = blames();
  for (let wrong = 0; wrong < 5; wrong++) all.add(blamed);
  expect(reports).toEqual([]);
  await clock.advanceAsync(WITHDRAWAL_MS);
  expect(reports).toEqual(['distrusted']);
  for (let wrong = 0; wrong < 2; wrong++) all.add(blamed);
  expect(reports).toEqual(['distrusted', 'distrusted again', 'banned']);
  await clock.advanceAsync(WITHDRAWAL_MS);
  expect(reports).toHaveLength(3);
});

test('at the end of a download nothing waits any longer', () => {
  const { source, reports, blames, blamed } = made();
  const first = blames();
  first.add(blamed);
  source.refused = true;
  first.settle();
  expect(reports).toEqual([]);
  source.refused = false;
  first.add(blamed);
  first.settle();
  expect(reports).toEqual(['distrusted']);
});
