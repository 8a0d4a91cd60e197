import { expect, test } from 'vitest';
import { EventParser } from '../../Web/Api/EventStream.ts';

const STREAM = ': alive\n\nevent: downloads\ndata: {"ok":true}\n\ndata: a\n\nevent: none\n\n';
const EVENTS = [
  { name: 'downloads', data: '{"ok":true}' },
  { name: 'message', data: 'a' },
];

test('events are the same however the stream is cut, and with either end of line', () => {
  for (const text of [STREAM, STREAM.replaceAll('\n', '\r\n')]) {
    for (let cut = 0; cut <= text.length; cut++) {
      const parser = new EventParser();
      expect([...parser.feed(text.slice(0, cut)), ...parser.feed(text.slice(cut))]).toEqual(EVENTS);
    }
  }
});

test('an endless event ends the stream', () => {
  const parser = new EventParser();
  const piece = `data: ${'x'.repeat(1_024 * 1_024)}`;
  expect(() => {
    for (let i = 0; i < 5; i++) parser.feed(piece);
  }).toThrow(RangeError);
});
