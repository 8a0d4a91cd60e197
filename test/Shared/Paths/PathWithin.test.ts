import { posix, win32 } from 'node:path';
import { expect, test } from 'vitest';
import { pathWithin } from '../../../Shared/Paths/PathWithin.ts';

test.each([
  [posix, '/home/anna/share', '/home/anna/share/a/b c', 'a/b c'],
  [posix, '/home/anna/share', '/home/anna/share', ''],
  [posix, '/home/anna/share/', '/home/anna/share//x', 'x'],
  [posix, '/home/anna/share', '/home/anna/shared', undefined],
  [posix, '/home/anna/share', '/home/anna', undefined],
  [posix, '/home/anna/share', '/home/anna/share/../x', undefined],
  [posix, '/home/anna/share', '/home/anna/share/..x', '..x'],
  [posix, '/', '/x', 'x'],
  [posix, '/s', '/s/a\\b', 'a\\b'],
  [win32, 'C:\\Users\\anna\\share', 'C:\\Users\\anna\\share\\a\\b c', 'a/b c'],
  [win32, 'C:\\Users\\anna\\share', 'C:\\Users\\anna\\share/a/b', 'a/b'],
  [win32, 'C:\\Users\\anna\\share', 'c:\\users\\Anna\\SHARE\\a', 'a'],
  [win32, 'C:\\Users\\anna\\share', 'C:\\Users\\anna\\shared', undefined],
  [win32, 'C:\\share', 'D:\\share\\x', undefined],
  [win32, 'C:\\', 'C:\\x', 'x'],
  [win32, '\\\\nas\\films', '\\\\nas\\films\\a\\b', 'a/b'],
  [win32, '\\\\nas\\films', '\\\\nas\\music\\a', undefined],
])('%#: %s', (style, folder, path, expected) => {
  expect(pathWithin(folder, path, style)).toBe(expected);
});
