import fc from 'fast-check';
import stringWidth from 'fast-string-width';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../../Peer/Commands/All/Commands.ts';
import { helpText } from '../../../../Peer/Commands/All/Help.ts';
import type { ConsoleCommand } from '../../../../Peer/Commands/Command.ts';
import { progressLines } from '../../../../Peer/Commands/Running/Progress.ts';
import { doneText, notDoneText, progressLine } from '../../../../Peer/Commands/Views/DownloadTexts.ts';
import { downloadsText, downloadText } from '../../../../Peer/Commands/Views/DownloadViews.ts';
import {
  choiceText,
  localFilesText,
  notYetText,
  remoteFilesText,
  searchText,
  shortIds,
} from '../../../../Peer/Commands/Views/FileViews.ts';
import { factsText, peersText } from '../../../../Peer/Commands/Views/StatusViews.ts';
import { shortenEnd, shortenMiddle, widthOf } from '../../../../Peer/Commands/Views/TextFit.ts';
import { renderTable } from '../../../../Peer/Commands/Views/TextTable.ts';
import type { ViewStyle } from '../../../../Peer/Commands/Views/ViewStyle.ts';
import { makePaint } from '../../../../Peer/Commands/Views/ViewStyle.ts';
import { wrapLines } from '../../../../Peer/Commands/Views/WordWrap.ts';
import { anyText } from '../anyText.ts';
import { downloadOf, entryOf, FakeControls, fileIdOf, hitOf, peerOf } from '../FakeControls.ts';

const plain = (width: number, rowsMax = Number.POSITIVE_INFINITY): ViewStyle => ({
  width,
  paint: makePaint(false),
  rowsMax,
});

/** Names as strangers send them: wide, combining, hostile, long. */
const strangeName = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      'a',
      'b',
      '.',
      ' ',
      '/',
      '电',
      '影',
      '🎬',
      '👩‍🚀',
      '🇩🇪',
      'é',
      '\u001b[31m',
      '\r',
      '\n',
      '\u202e',
      '\u0007',
      '\u200b',
      '\ud800',
    ),
    anyText(2),
  ),
  minLength: 1,
  maxLength: 60,
});

/** Characters allowed in text for a terminal without colours. */
function expectHarmless(text: string): void {
  expect(text).not.toMatch(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|\u200b|\u200d|[\u2028-\u202e]|[\u2066-\u2069]/,
  );
}

describe('shortened texts', () => {
  test('a file keeps its extension, a list its beginning', () => {
    expect(shortenMiddle('holiday in the mountains 2024.jpeg', 20)).toBe('holiday in th…4.jpeg');
    expect(shortenMiddle('a'.repeat(50), 11)).toBe('aaaaaaa…aaa');
    expect(shortenEnd('alice, bob, carol', 11)).toBe('alice, bob…');
  });

  test('a letter of several code points has one width, composed or not', () => {
    expect(['한국어', '한국어'.normalize('NFD'), 'e\u0301', '日本', '👨‍👩‍👧'].map(widthOf)).toEqual([
      6, 6, 1, 4, 2,
    ]);
  });

  test('never wider than asked, whole when there is room, for any text', () => {
    fc.assert(
      fc.property(strangeName, fc.integer({ min: 1, max: 80 }), (text, width) => {
        for (const shorten of [shortenMiddle, shortenEnd]) {
          const short = shorten(text, width);
          if (widthOf(text) <= width) expect(short).toBe(text);
          else expect(widthOf(short)).toBeLessThanOrEqual(width);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('tables', () => {
  test('have columns as wide as their widest cell, wide characters included', () => {
    const text = searchText(
      'film',
      {
        hits: [hitOf('film.mkv', 1_500_000_000, 1, 2), hitOf('电影.mkv', 7, 2)],
        truncated: false,
        trackers: 1,
      },
      plain(80),
    );
    expect(text).toBe(
      [
        'Name        Size  Have it  Who                    Id',
        '─────────────────────────────────────────────────────────',
        'film.mkv  1.5 GB        2  peer-1, peer-2 (part)  00010001',
        '电影.mkv     7 B        1  peer-1                 00020002',
        '',
        '2 files. Download one: download <name or id>',
      ]
        .join('\n')
        .replace('─'.repeat(57), '─'.repeat(58)),
    );
  });

  test('every view fits the terminal and contains no control character, for any names', () => {
    fc.assert(
      fc.property(
        fc.array(strangeName, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 30, max: 130 }),
        (names, width) => {
          const style = plain(width);
          const entries = names.map((name, index) => entryOf(name, index * 10 ** index, index));
          const hits = names.map((name, index) => ({
            ...hitOf(name, 5, index, 1),
            holders: names.map((each) => ({ ...peerOf(1, each), complete: true })),
          }));
          const downloads = names.map((name, index) =>
            downloadOf(index, name, { reason: name, finalPath: name }),
          );
          const tables = [
            remoteFilesText('p', '', entries, style).split('\n\n')[0] ?? '',
            searchText('x', { hits, truncated: false, trackers: 1 }, style).split('\n\n')[0] ?? '',
            choiceText('x', hits, true, style).split('\n\n')[1] ?? '',
            peersText({ peers: names.map((name, index) => peerOf(index, name)), trackers: 1 }, style).split(
              '\n\n',
            )[0] ?? '',
            downloadsText(downloads, style),
            progressLines(downloads, width).join('\n'),
          ];
          for (const table of tables) {
            expectHarmless(table);
            for (const line of table.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(width);
          }
          const first = downloads[0] ?? downloadOf(1, 'x');
          const sentences = [
            downloadText({ ...first, sources: names.map((name) => sourceOf(name)) }, style),
            localFilesText(names[0] ?? '', entries, downloads, new FakeControls().share(), style),
            doneText(first),
            notDoneText({ ...first, state: 'failed' }),
          ];
          for (const sentence of sentences) expectHarmless(sentence);
        },
      ),
      { numRuns: 80 },
    );
  });

  test('without a terminal nothing is cut', () => {
    const name = `${'long '.repeat(60)}name.mkv`;
    expect(remoteFilesText('p', '', [entryOf(name, 1)], plain(Number.POSITIVE_INFINITY))).toContain(name);
  });

  test('a narrow terminal loses the least important columns first', () => {
    const peers = [peerOf(1, 'alice'), peerOf(2, 'bob')];
    const titles = (width: number) =>
      peersText({ peers, trackers: 1 }, plain(width)).split('\n')[0]?.split(/ +/);
    expect(titles(80)).toEqual(['Name', 'Address', 'Id', 'Files', 'Size', 'Link']);
    expect(titles(52)).toEqual(['Name', 'Address', 'Id', 'Files', 'Size']);
    expect(titles(36)).toEqual(['Name', 'Address', 'Files', 'Size']);
    expect(titles(30)).toEqual(['Name', 'Address', 'Files']);
  });

  test('facts are never cut: they wrap beside their label, on a narrow terminal below it', () => {
    const facts = [
      ['Share', '2 files, 12 B in /home/anna/shared'],
      ['Uploads', 'none now'],
    ] as const;
    expect(factsText(plain(30), facts).split('\n')).toEqual([
      'Share    2 files, 12 B in',
      '         /home/anna/shared',
      'Uploads  none now',
    ]);
    expect(factsText(plain(20), facts).split('\n')).toEqual([
      'Share',
      '    2 files, 12 B in',
      '    /home/anna/shared',
      'Uploads',
      '    none now',
    ]);
  });

  test('a long list says how much is missing', () => {
    const entries = Array.from({ length: 30 }, (_, index) => entryOf(`f${index}`, 1, index));
    const text = remoteFilesText('p', '', entries, plain(80, 10));
    expect(text).toContain('… and 20 more. List one folder: ls <peer> <folder>');
    expect(text).not.toContain('f10 ');
    expect(text).toContain('30 files, 30 B at p');
  });

  test('colours only when enabled, and they have no width', () => {
    const columns = [
      { title: 'A', of: ({ paint }: ViewStyle) => ({ text: 'x', paint: paint.good }) },
      { title: 'B', of: () => 'y' },
    ];
    const colourful = { ...plain(80), paint: makePaint(true) };
    const colored = renderTable([colourful], colourful, columns);
    expect(colored).toContain('\u001b[32mx\u001b[39m');
    expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(renderTable([plain(80)], plain(80), columns));
  });

  test('100,000 rows are printed', () => {
    const entries = Array.from({ length: 100_000 }, (_, index) =>
      entryOf(`folder/file ${index}.txt`, index, index % 65_536),
    );
    const text = remoteFilesText('p', '', entries, plain(Number.POSITIVE_INFINITY));
    expect(text.split('\n')).toHaveLength(100_004);
  });
});

describe('words', () => {
  test('empty lists say what to do next', () => {
    const share = new FakeControls().share();
    const style = plain(80);
    expect(localFilesText('', [], [], share, style)).toContain(
      'Put files into /home/user/Downloads/P2P/User-9001',
    );
    const notShared = [{ reason: 'is a link', count: 2 }];
    expect(localFilesText('', [], [], { ...share, notShared }, { ...style, inShell: true })).toMatch(
      /\nNot shared: 2 names\. Which ones, and why: shoal status$/,
    );
    expect(searchText('x -y', { hits: [], truncated: true, trackers: 1 }, style)).toBe(
      'The first files that were found are all left out by "x -y": use more words',
    );
    expect(searchText('x', { hits: [], truncated: false, trackers: 1 }, style)).toContain(
      'fewer or shorter words',
    );
    expect(peersText({ peers: [], trackers: 1 }, style)).toContain('connect <host:port>');
    expect(downloadsText([], style)).toContain('download <file>');
  });

  test('an answer that does not cover all trackers names their number', () => {
    const style = plain(200);
    const partial = { trackers: 2, trackersKnown: 3 };
    const said = /\n2 of 3 trackers answered: peers that only the others know are missing\. See: tracker$/;
    expect(peersText({ peers: [], ...partial }, style)).toMatch(said);
    expect(peersText({ peers: [peerOf(1, 'ann')], ...partial }, style)).toMatch(said);
    for (const whole of [
      { trackers: 0, trackersKnown: 3 },
      { trackers: 3, trackersKnown: 3 },
      { trackers: 1 },
    ])
      expect(peersText({ peers: [peerOf(1, 'ann')], ...whole }, style)).not.toContain('answered');
    expect(searchText('x', { hits: [], truncated: false, ...partial }, style)).toContain(
      '2 of 3 trackers answered: files',
    );
  });

  test('help names every command and every alias', () => {
    const shown = helpText(COMMANDS, plain(80));
    for (const [name, { aliases = [] }] of Object.entries<ConsoleCommand>(COMMANDS))
      expect(shown).toContain([name, ...aliases].join(', '));
    for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('short ids distinguish the contents', () => {
    const twins = [{ fileId: `${'a'.repeat(20)}1` }, { fileId: `${'a'.repeat(20)}2` }];
    expect(shortIds(twins)).toEqual(twins.map((hit) => hit.fileId));
    expect(shortIds([{ fileId: fileIdOf(1) }, { fileId: fileIdOf(1) }])).toEqual(['00010001', '00010001']);
  });

  test('the end of a download', () => {
    const done = downloadOf(1, 'x/film.mkv', {
      state: 'done',
      size: 1e9,
      bytes: 1e9,
      bytesFromBefore: 5e8,
      tookMs: 5_000,
      finalPath: '/s/film.mkv',
      sources: [sourceOf('a'), sourceOf('b')],
    });
    expect(doneText(done)).toBe('film.mkv is done: 1.0 GB in 5.0 s (100 MB/s) from 2 peers: /s/film.mkv');
    expect(doneText({ ...done, beside: 1 }).split('\n')[1]).toBe(
      '1 name was taken by another file, which stays: the new one lies beside it as "name (2)"',
    );
    expect(doneText({ ...done, beside: 3 }).split('\n')[1]).toMatch(/^3 names were taken by other files/);
    expect(doneText({ ...done, bytesFromBefore: 1e9 })).toBe('film.mkv is here already: /s/film.mkv');
  });

  test('a progress line keeps its shape and fits any width', () => {
    const download = downloadOf(1, '一部非常长的电影名字.mkv', {
      bytes: 37_900_000,
      bytesPerSecond: 1.12e8,
      secondsLeft: 12,
      sources: [sourceOf('a')],
    });
    expect(progressLine(download, 79)).toBe(
      '一部非常长的电影名字.mkv    ████░░░░░░░░   37 %   112 MB/s  12 s left  1 source',
    );
    const narrow = { ...download, path: 'a/film of the year.mkv' };
    expect([50, 39, 30, 22].map((width) => progressLine(narrow, width))).toEqual([
      'film…r.mkv   37 %   112 MB/s  12 s left  1 source',
      'film…r.mkv  37 %  112 MB/s  12 s left',
      'fi…mkv  ██░░░░  37 %  112 MB/s',
      'fi…r.mkv  ██░░░░  37 %',
    ]);
    for (let width = 10; width < 140; width++)
      expect(stringWidth(progressLine(download, width))).toBeLessThanOrEqual(width);
    expect(
      progressLines(
        Array.from({ length: 9 }, (_, index) => downloadOf(index, 'f')),
        60,
      ).at(-1),
    ).toBe('… and 6 more: downloads');
  });
});

function sourceOf(name: string) {
  return {
    peer: peerOf(1, name),
    state: 'active' as const,
    place: undefined,
    bytes: 5,
    bytesPerSecond: 1,
    chunksHeld: 1,
  };
}

test('lines that are too wide wrap at their spaces, and keep their words', () => {
  const text = 'Name  Size\nList the files of one peer: ls <name>\nx\n/a/path/without/spaces';
  expect(wrapLines(text, 16)).toBe(
    'Name  Size\nList the files\nof one peer: ls\n<name>\nx\n/a/path/without/spaces',
  );
  expect(wrapLines(text, Number.POSITIVE_INFINITY)).toBe(text);
});

test.each([
  [{ files: 1, waiting: 1 }, '1 file, 5 B: shared when nothing writes to it any more'],
  [{ files: 2, waiting: 2 }, '2 files, 5 B: shared when nothing writes to them any more'],
  [{ files: 3, waiting: 1 }, '3 files, 5 B to be hashed, 1 of them still being written'],
  [{ files: 3, waiting: 0, bytesPerSecond: 2_000 }, '3 files, 5 B to be hashed at 2.0 kB/s'],
  [{ files: 0, waiting: 0 }, 'no files, 5 B to be hashed'],
])('files that are not shared yet: %j', (hashing, text) => {
  expect(notYetText({ bytes: 5, bytesPerSecond: 0, ...hashing })).toBe(text);
});
