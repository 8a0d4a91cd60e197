import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatAddress,
  isDialable,
  isLoopback,
  networkClass,
  normalHost,
  parseHostPort,
} from '../../../Shared/Network/Address.ts';

describe('parseHostPort', () => {
  test.each([
    ['192.168.1.20', '192.168.1.20', 6_881],
    ['192.168.1.20:9001', '192.168.1.20', 9_001],
    [' tracker.local:1 ', 'tracker.local', 1],
    ['[2001:db8::7]:9001', '2001:db8::7', 9_001],
    ['[2001:db8::7]', '2001:db8::7', 6_881],
    ['2001:db8::7', '2001:db8::7', 6_881],
    ['::1', '::1', 6_881],
    ['::ffff:10.0.0.1', '10.0.0.1', 6_881],
    ['host:65535', 'host', 65_535],
    ['[fe80::1%eth0]:9001', 'fe80::1%eth0', 9_001],
    ['büro_2.example', 'büro_2.example', 6_881],
    ['हिन्दी.example', 'हिन्दी.example', 6_881],
  ])('%s', (input, host, port) => {
    expect(parseHostPort(input, 6_881)).toEqual({ host, port });
  });

  test.each([
    '',
    ' ',
    ':9001',
    'a b:1',
    'host:',
    'host:x',
    'host:-1',
    'host:123456',
    '[::1',
    '::1]:5',
    'a:1:2',
    '192.168.1.20/',
    '/dev/null',
    '999.1.1.1',
    '192.168.1',
    '[host]:1',
    'host\u001b:1',
    'h'.repeat(254),
  ])('"%s" is not an address', (input) => {
    expect(() => parseHostPort(input, 6_881)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test.each(['host:0', 'host:65536', '[::1]:99999'])('"%s" has no such port', (input) => {
    expect(() => parseHostPort(input, 6_881)).toThrow('is outside 1-65535');
  });

  test('parses the output of formatAddress', () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.ipV6().filter((text) => !text.includes('.')),
    );
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (numeric, port) => {
        const address = { host: numeric, port };
        expect(parseHostPort(formatAddress(address), 1)).toEqual(address);
      }),
    );
  });
});

test('one host has one spelling', () => {
  expect(normalHost('::ffff:192.0.2.7')).toBe('192.0.2.7');
  expect(normalHost('::FFFF:192.0.2.7')).toBe('192.0.2.7');
  expect(normalHost('fe80::1%eth0')).toBe('fe80::1%eth0'); // Not reachable without its interface.
  expect(normalHost('fd00::1%eth0')).toBe('fd00::1');
  expect(normalHost('192.0.2.7')).toBe('192.0.2.7');
});

test.each([
  ['127.0.0.1', 'loopback'],
  ['127.255.0.9', 'loopback'],
  ['::1', 'loopback'],
  ['10.0.0.1', 'lan'],
  ['172.16.0.1', 'lan'],
  ['172.31.255.255', 'lan'],
  ['192.168.0.1', 'lan'],
  ['169.254.7.7', 'lan'],
  ['fe80::1', 'lan'],
  ['FD00::1', 'lan'],
  ['fc00::1', 'lan'],
  ['172.15.0.1', 'elsewhere'],
  ['172.32.0.1', 'elsewhere'],
  ['192.169.0.1', 'elsewhere'],
  ['11.0.0.1', 'elsewhere'],
  ['2001:db8::1', 'elsewhere'],
  ['ff02::1', 'elsewhere'],
])('%s is %s', (host, expected) => {
  expect(networkClass(host)).toBe(expected);
  expect(isLoopback(host)).toBe(expected === 'loopback');
});

test('addresses that cannot be a peer are not dialled', () => {
  const dialable = (host: string, port = 9_001) => isDialable({ host, port });
  for (const host of ['192.168.1.20', '127.0.0.1', '::1', 'fe80::1', '223.1.1.1'])
    expect(dialable(host)).toBe(true);
  for (const host of [
    '0.0.0.0',
    '224.0.0.1',
    '239.1.2.3',
    '255.255.255.255',
    '::',
    'ff02::1',
    'localhost',
    '',
  ]) {
    expect(dialable(host), host).toBe(false);
  }
  for (const port of [0, -1, 65_536]) expect(dialable('10.0.0.1', port)).toBe(false);
});
