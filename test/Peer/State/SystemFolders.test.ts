import { describe, expect, test } from 'vitest';
import { type Computer, shareableFolder } from '../../../Peer/State/SystemFolders.ts';

const linux: Computer = { platform: 'linux', home: '/home/anna' };
const windows: Computer = { platform: 'win32', home: 'C:\\Users\\anna', windows: 'C:\\WINDOWS' };

describe('a folder that holds the system is not shared', () => {
  test.each([
    '/',
    '/proc',
    '/proc/1',
    '/sys/class',
    '/dev',
    '/etc/ssl',
    '/boot',
    '/usr',
    '/var',
    '/home',
    '/run',
  ])('%s', (folder) => expect(shareableFolder(folder, linux)).toBe('system'));
  test.each(['/System/Library', '/Library', '/Users', '/Volumes', '/private/etc'])('macOS: %s', (folder) =>
    expect(shareableFolder(folder, { platform: 'darwin', home: '/Users/anna' })).toBe('system'),
  );
  test.each(['C:\\', 'c:\\', 'C:\\Windows', 'c:\\windows\\Fonts', 'C:\\Program Files\\x', 'C:\\users'])(
    'Windows: %s',
    (folder) => expect(shareableFolder(folder, windows)).toBe('system'),
  );
  test('Windows on another drive, and without its variable', () => {
    expect(shareableFolder('D:\\', { ...windows, windows: 'D:\\Windows' })).toBe('system');
    expect(shareableFolder('C:\\Windows', { ...windows, windows: undefined })).toBe('system');
  });
});

describe('folders for others are shared', () => {
  test.each([
    '/home/anna/Films',
    '/srv',
    '/var/www',
    '/usr/share/doc',
    '/run/media/anna/STICK',
    '/mnt/disk',
    '/dev/shm/x',
    '/etcetera',
    '/home/ann',
  ])('%s', (folder) => expect(shareableFolder(folder, linux)).toBe('yes'));
  test.each([
    'E:\\',
    'D:\\Films',
    'C:\\Films',
    'C:\\Windows.old',
    'C:\\Users\\anna\\Films',
    '\\\\nas\\films\\',
  ])('Windows: %s', (folder) => expect(shareableFolder(folder, windows)).toBe('yes'));
});

test('the home folder, and a folder above it, are known as such', () => {
  expect(shareableFolder('/home/anna', linux)).toBe('home');
  expect(shareableFolder('/data', { platform: 'linux', home: '/data/home/anna' })).toBe('home');
  expect(shareableFolder('c:\\users\\Anna', windows)).toBe('home');
});
