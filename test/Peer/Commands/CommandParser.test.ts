import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCall, wantsJson } from '../../../Peer/Commands/CommandCall.ts';
import { quoteWord, scanLine, splitLine } from '../../../Peer/Commands/CommandParser.ts';
import { COMMANDS, findCommand, suggestCommand } from '../../../Peer/Commands/CommandTable.ts';
import { editDistance } from '../../../Peer/Commands/EditDistance.ts';
import { anyText } from './anyText.ts';

const words = (line: string) => splitLine(line).map((word) => word.text);

describe('a line becomes words', () => {
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
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('never closed') }),
    );
  });

  test('what is quoted comes back as one word, whatever stands around it', () => {
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

describe('words become a command', () => {
  test('case does not matter, aliases do', () => {
    expect(readCall('SEARCH Film')?.spec.name).toBe('search');
    expect(readCall('SEARCH Film')?.args).toEqual(['Film']);
    for (const [alias, name] of [
      ['ls', 'list'],
      ['FILES', 'list'],
      ['p', 'peers'],
      ['dls', 'downloads'],
      ['Info', 'status'],
      ['update', 'refresh'],
      ['me', 'whoami'],
      ['h', 'help'],
      ['?', 'help'],
      ['exit', 'quit'],
      ['q', 'quit'],
      ['bye', 'quit'],
    ]) {
      expect(findCommand(alias ?? '')?.name).toBe(name);
    }
  });

  test('no word means two commands', () => {
    const all = COMMANDS.flatMap((spec) => [spec.name, ...spec.aliases]);
    expect(new Set(all).size).toBe(all.length);
  });

  test('flags are known, anywhere, in any case; quoted they are names', () => {
    expect(readCall('download --WAIT x')?.flags).toEqual(new Set(['--wait']));
    expect(readCall('download "--wait"')?.args).toEqual(['--wait']);
    expect(() => readCall('download x --fast')).toThrow('download knows no --fast');
    expect(wantsJson('nonsense --json')).toBe(true);
    expect(wantsJson('search x--json')).toBe(false);
  });

  test.each([
    ['download', 'download needs to know what', 'Usage: download <file|id|folder/> [--wait]'],
    ['download my film.mkv', 'download takes at most 1 argument', '"my film.mkv"'],
    ['get bob', 'get needs more', 'get <peer> <file>'],
    ['peers now', 'peers takes no arguments', 'Usage: peers'],
    ['download ""', 'an empty name means nothing', 'Usage'],
    ['dowload x', 'there is no command "dowload"', 'Did you mean download?'],
    ['xyzzy', 'there is no command "xyzzy"', 'Type help'],
    ['\u001b[2J', 'there is no command "\\u{1b}[2J"', 'Type help'],
  ])('%j is a usage error', (line, message, hint) => {
    expect(() => readCall(line)).toThrow(
      expect.objectContaining({ code: 'USAGE', message, hint: expect.stringContaining(hint) }),
    );
  });

  test('empty lines and comments are nothing', () => {
    for (const line of ['', '   ', '# a comment "', '  #x']) expect(readCall(line)).toBeUndefined();
  });

  test.each([
    ['serach', 'search'],
    ['lst', 'list'],
    ['pers', 'peers'],
    ['STATSU', 'status'],
    ['downlaods', 'downloads'],
    ['quitt', 'quit'],
    ['conn', 'connect'],
    ['hepl', 'help'],
  ])('%s: did you mean %s?', (typed, meant) => {
    expect(suggestCommand(typed)).toBe(meant);
  });

  test('what is far from everything gets no suggestion', () => {
    for (const typed of ['zzz', 'x', 'frobnicate', 'a'.repeat(10_000)])
      expect(suggestCommand(typed)).toBeUndefined();
  });

  test('the edit distance is a metric on short words', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
    expect(editDistance('search', 'serach')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    fc.assert(
      fc.property(word, word, (one, other) => {
        const distance = editDistance(one, other);
        expect(distance).toBe(editDistance(other, one));
        expect(distance === 0).toBe(one === other);
        expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(one.length - other.length));
      }),
    );
  });
});
