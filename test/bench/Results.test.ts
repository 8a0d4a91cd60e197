import { describe, expect, test } from 'vitest';
import { atLeast, atMost, markdown } from '../../bench/Report.ts';
import { withSection } from '../../bench/Results.ts';
import { spread, spreadText } from '../../bench/Statistics.ts';

describe('a section of docs/contributing/performance.md', () => {
  const document = '# Title\n\nby hand\n\n<!-- bench:one -->\n\nold\n\n<!-- /bench:one -->\n\nmore by hand\n';

  test('replaces the text between its marks, and nothing else', () => {
    expect(withSection(document, 'one', 'new')).toBe(document.replace('old', 'new'));
    expect(withSection(withSection(document, 'one', 'new'), 'one', 'old')).toBe(document);
  });

  test('is added with its marks when there are none', () => {
    const twice = withSection(withSection(document, 'two', 'first'), 'two', 'second');
    expect(twice).toBe(`${document}\n## two\n\n<!-- bench:two -->\n\nsecond\n\n<!-- /bench:two -->\n`);
  });

  test('is a table, the goals, the notes', () => {
    const goals = [atLeast('fast', 2, 2), atMost('small', 1, 1.5)];
    const tables = [{ columns: ['who', 'GB/s'], rows: [['a|b', '1']] }];
    expect(markdown({ title: '', tables, goals, notes: ['alone'], figures: undefined })).toBe(
      [
        '| who | GB/s |\n| --- | --- |\n| a\\|b | 1 |',
        '| Goal | Reached | Met |\n| --- | --- | --- |\n| fast | 2.00 | yes |\n| small | 1.50 | **no** |',
        '- alone',
      ].join('\n\n'),
    );
  });
});

test.each([
  [[3], { median: 3, least: 3, most: 3 }, '3.0'],
  [[5, 1, 3], { median: 3, least: 1, most: 5 }, '3.0 (1.0 to 5.0)'],
  [[4, 1, 2, 9], { median: 3, least: 1, most: 9 }, '3.0 (1.0 to 9.0)'],
])('the spread of %j', (figures, expected, text) => {
  expect(spread(figures)).toEqual(expected);
  expect(spreadText(expected, 1)).toBe(text);
});
