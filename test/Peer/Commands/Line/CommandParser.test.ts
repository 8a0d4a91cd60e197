import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quoteWord, scanLine, splitLine } from '../../../../Peer/Commands/Line/CommandParser.ts';
import { anyText } from '../anyText.ts';

const words = (line: string) => splitLine(line).map((word) => word.text);

describe('a line is split into words', () => {
  test.each([
    ['', []],
    ['  \t ', []],
    ['a  b\tc', ['a', 'b', 'c']],
    ['download "my film.mkv"', ['download', 'my film.mkv']],
    ["download 'my film.mkv' x", ['download', 'my film.mkv', 'x']],
    [`get bob "it's"`, ['get', 'bob', "it's"]],
    [`say "a \\"b\\" c"`, ['say', 'a "b" c']],
    [`say 'a \\'b\\' c'`, ['say', "a 'b' c"]],
    ['don\'t.txt 5"', ["don't.txt", '5"']],
    ['C:\\Users\\me\\x.txt "C:\\My Files\\x.txt"', ['C:\\Users\\me\\x.txt', 'C:\\My Files\\x.txt']],
    ['"C:\\My Files"\\ b', ['C:\\My Files\\', 'b']],
    ['"a b"c d', ['a bc', 'd']],
    ['""', ['']],
    ['a\u202fb\u00a0c', ['a\u202fb\u00a0c']],
  ])('%j', (line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  test.each([['"abc'], ["x 'abc"], ['"'], ['"abc\\"']])('%j: the open quote is named', (line) => {
    expect(() => splitLine(line)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('no closing quote') }),
    );
  });

  test('a quoted text parses as one word, next to any other word', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '\t', '"', "'", '\\', '-', '电') });
    fc.assert(
      fc.property(text, text, fc.boolean(), (one, other, always) => {
        expect(words(`${quoteWord(one, always)} ${quoteWord(other)}`)).toEqual([one, other]);
      }),
      { numRuns: 2_000 },
    );
  });

  test('every line splits or is refused as USAGE, and words stand in the order of their starts', () => {
    fc.assert(
      fc.property(anyText(40), (line) => {
        const { words: found, open } = scanLine(line);
        const starts = found.map((word) => word.start);
        expect(starts).toEqual(starts.toSorted((a, b) => a - b));
        if (open === undefined) expect(splitLine(line)).toEqual(found);
        else expect(() => splitLine(line)).toThrow(expect.objectContaining({ code: 'USAGE' }));
      }),
    );
  });
});
