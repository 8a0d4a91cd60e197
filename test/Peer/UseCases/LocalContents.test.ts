import { expect, test } from 'vitest';
import { findContent, localContents, partOf, rangesOf } from '../../../Peer/UseCases/LocalContents.ts';
import { Bitfield } from '../../../Protocol/Bitfield.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { seeds } from '../../Support/seeds.ts';
import { downloadOf, entryOf, fileIdOf } from '../Commands/FakeControls.ts';

const MIB = 1_048_576;

test('files of the share and unfinished downloads are listed', () => {
  const files = [entryOf('a/film.mkv', 10, 1)];
  const downloads = [
    downloadOf(1, 'film.mkv', { state: 'done' }),
    downloadOf(2, 'two.bin'),
    downloadOf(3, 'gone.bin', { state: 'cancelled' }),
    { ...downloadOf(4, 'folder/'), fileId: undefined },
  ];
  expect(localContents(files, downloads).map(({ path }) => path)).toEqual(['a/film.mkv', 'two.bin']);
});

test('a content is found by path, name, and prefix of its id; an ambiguous name is an error', () => {
  const contents = localContents(
    [
      entryOf('a/film.mkv', 10, 1),
      entryOf('b/film.mkv', 10, 2),
      entryOf('c/copy.mkv', 10, 3),
      entryOf('copy.mkv', 10, 3),
    ],
    [],
  );
  expect(findContent('./a/film.mkv', contents).path).toBe('a/film.mkv');
  expect(findContent(fileIdOf(2).slice(0, 8), contents).path).toBe('b/film.mkv');
  expect(findContent('COPY.MKV', contents).fileId).toBe(fileIdOf(3));
  expect(() => findContent('film.mkv', contents)).toThrow(
    expect.objectContaining({ code: 'AMBIGUOUS', hint: expect.stringContaining('b/film.mkv') }),
  );
  for (const folder of ['a', 'a/', './c/'])
    expect(() => findContent(folder, contents)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  for (const unknown of ['fil', 'nothing.bin', ''])
    expect(() => findContent(unknown, contents)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
});

test.each(seeds(50))('stretches name exactly the chunks that are set (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const field = new Bitfield(1 + Math.floor(random.next() * 40));
  for (let index = 0; index < field.size; index++) if (random.next() < 0.6) field.set(index);
  const ranges = rangesOf(field);
  const named = ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, at) => first + at),
  );
  expect(named).toEqual([...field.indexes()]);
  for (const [index, [first]] of ranges.entries())
    expect(first).toBeGreaterThan((ranges[index - 1]?.[1] ?? -2) + 1);
});

test('a file is whole, partial, absent, or a download that is not open', () => {
  const content = { fileId: fileIdOf(1), path: 'x', size: 3 * MIB + 5, bytes: 2 * MIB };
  const some = new Bitfield(4);
  some.set(3);
  expect(partOf(content, 'all')).toMatchObject({ chunkCount: 4, count: 4, ranges: [[0, 3]] });
  expect(partOf(content, some)).toMatchObject({ chunkCount: 4, count: 1, ranges: [[3, 3]] });
  expect(partOf(content, new Bitfield(4))).toMatchObject({ count: 0, ranges: [] });
  expect(partOf(content, undefined)).toMatchObject({ count: 2, ranges: undefined });
  expect(partOf({ ...content, bytes: MIB + 5 }, undefined).count).toBe(2);
  expect(partOf({ ...content, size: 0, bytes: 0 }, 'all')).toMatchObject({
    chunkCount: 0,
    count: 0,
    ranges: [],
  });
});
