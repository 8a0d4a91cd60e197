import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { loopbackOf, usableAddresses } from '../../../Shared/Network/UsableAddresses.ts';

const ip = (address: string, internal = false): NetworkInterfaceInfo[] => {
  const rest = { netmask: '', mac: '', cidr: null, internal };
  return address.includes(':')
    ? [{ address, family: 'IPv6', scopeid: 0, ...rest }]
    : [{ address, family: 'IPv4', ...rest }];
};

test('the first address is that of a real card, the last that of a container bridge', () => {
  const interfaces = {
    lo: ip('127.0.0.1', true),
    docker0: ip('172.17.0.1'),
    'br-3f2a': ip('172.18.0.1'),
    wg0: ip('10.8.0.2'),
    eth0: [...ip('fe80::1'), ...ip('fd00:77::a'), ...ip('192.168.1.20')],
    wlan0: ip('192.168.1.26'),
  };
  const virtual = ['172.17.0.1', '172.18.0.1', '10.8.0.2'];
  expect(usableAddresses(interfaces)).toEqual(['192.168.1.20', '192.168.1.26', 'fd00:77::a', ...virtual]);
});

test('link-local addresses are named if there are no others, with their zone', () => {
  const interfaces = { eth0: [...ip('fe80::1'), ...ip('169.254.7.7')] };
  expect(usableAddresses(interfaces)).toEqual(['169.254.7.7', 'fe80::1%eth0']);
  expect(usableAddresses({ lo: ip('::1', true), eth1: undefined })).toEqual([]);
});

test('this computer reaches itself at 127.0.0.1, and at ::1 only where it has no IPv4', () => {
  expect(loopbackOf({ lo: [...ip('127.0.0.1', true), ...ip('::1', true)] })).toBe('127.0.0.1');
  expect(loopbackOf({ lo: ip('::1', true), eth0: ip('192.168.1.20') })).toBe('::1');
  expect(loopbackOf({ eth0: ip('::1') })).toBe('127.0.0.1');
  expect(loopbackOf({})).toBe('127.0.0.1');
});
