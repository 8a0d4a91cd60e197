import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CompletionSources } from '../../../../Peer/Commands/Command.ts';
import { splitLine } from '../../../../Peer/Commands/Line/CommandParser.ts';
import { complete } from '../../../../Peer/Commands/Running/Completion.ts';
import { anyText } from '../anyText.ts';

const sources: Omit<CompletionSources, 'commands'> = {
  local: () => ['film.mkv', 'photos/a.jpg', 'photos/2024/my trip/b.jpg'],
  found: () => ['big.iso', 'Bigger Film.mkv', 'evil\u001b[31m.txt', "dad's film.mkv"],
  peers: () => [
    { name: 'alice', address: '127.0.0.1:9002' },
    { name: 'my pc', address: '127.0.0.1:9003' },
  ],
  downloads: () => ['my film.mkv'],
};

/** The line after Tab, or the offered choices. */
function afterTab(line: string): string | readonly string[] {
  const { insert, replaces, choices } = complete(line, sources);
  expect(line.endsWith(replaces)).toBe(true);
  return insert === undefined ? choices : line.slice(0, line.length - replaces.length) + insert;
}

describe('Tab', () => {
  test.each([
    ['sea', 'search '],
    ['SEA', 'search '],
    ['sta', 'status '],
    ['downl', 'download'],
    ['help dow', 'help download'],
    ['download big.', 'download big.iso '],
    ['download bigg', 'download "Bigger Film.mkv" '],
    ['download "Bigger F', 'download "Bigger Film.mkv" '],
    ["download 'Bigger F", 'download "Bigger Film.mkv" '],
    ['download dad', 'download "dad\'s film.mkv" '],
    ['download x --w', 'download x --wait '],
    ['ls ph', 'ls photos/'],
    ['ls photos/2024/m', 'ls "photos/2024/my trip/'],
    ['ls al', 'ls alice '],
    ['get my', 'get "my pc" '],
    ['get "my pc" big.', 'get "my pc" big.iso '],
    ['pause m', 'pause "my film.mkv" '],
    ['limit d', 'limit down '],
    ['limit up la', 'limit up lan '],
    ['swarm x --o', 'swarm x --once '],
    ['connect 127', 'connect 127.0.0.1:900'],
  ])('%j becomes %j', (line, expected) => {
    expect(afterTab(line)).toBe(expected);
  });

  test.each([
    ['download', ['download', 'downloads']],
    ['download evil', []],
    ['peers x', []],
    ['nonsense x', []],
    ['search x', []],
    ['download big.iso ', ['Bigger Film.mkv', "dad's film.mkv"]],
    ['download big.iso big.', []],
    ['get alice big.iso big.', []],
    ['pause "my film.mkv" my', []],
    ['download --other b', []],
    ['download --other 7c2f90ab big.', ['big.iso']],
    ['ls photos/2024/', ['photos/2024/my trip/']],
  ])('%j offers %j', (line, expected) => {
    expect(complete(line, sources).choices).toEqual(expected);
  });

  test('an inserted name parses as that name', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'B', ' ', '"', "'", '\\', '-', '.', '电'),
      minLength: 1,
    });
    fc.assert(
      fc.property(name, fc.nat(20), (file, cut) => {
        const only = { ...sources, found: () => [file] };
        const typed = file.slice(0, cut).replace(/[ "'\\].*$/, '');
        const { insert, replaces } = complete(`download ${typed}`, only);
        if (insert === undefined || file.startsWith('--') || file.endsWith('/')) return;
        const line = `download ${typed}`.slice(0, `download ${typed}`.length - replaces.length) + insert;
        expect(splitLine(line).map((word) => word.text)).toEqual(['download', file]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('any text before the cursor gives safe candidates', () => {
    fc.assert(
      fc.property(anyText(40), (line) => {
        for (const choice of complete(line, sources).choices) expect(choice).not.toMatch(/[\u0000-\u001f]/);
      }),
    );
  });
});
