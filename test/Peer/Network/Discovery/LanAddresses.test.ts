import { expect, test } from 'vitest';
import {
  broadcastHosts,
  isOnLan,
  isOwnHost,
  multicastHosts,
} from '../../../../Peer/Network/Discovery/LanAddresses.ts';

const net = (address: string, netmask: string, internal = false) => ({
  address,
  netmask,
  family: 'IPv4' as const,
  mac: '02:00:00:00:00:01',
  internal,
  cidr: null,
});

test('broadcast goes to every IPv4 network but loopback and point-to-point ones', () => {
  const interfaces = {
    lo: [net('127.0.0.1', '255.0.0.0', true)],
    wifi: [net('192.168.1.77', '255.255.255.0'), net('192.168.1.78', '255.255.255.0')],
    wire: [net('172.20.9.1', '255.255.240.0')],
    tunnel: [net('10.8.0.6', '255.255.255.255'), net('10.9.0.6', '255.255.255.254')],
    none: undefined,
  };
  expect(broadcastHosts(interfaces)).toEqual(['192.168.1.255', '172.20.15.255']);
  expect(broadcastHosts({})).toEqual([]);
  for (const host of ['192.168.1.1', '172.20.0.9', '127.0.0.1', '10.8.0.6'])
    expect(isOnLan(interfaces, host)).toBe(true);
  for (const host of ['192.168.2.1', '8.8.8.8', '172.20.16.1', 'fe80::1'])
    expect(isOnLan(interfaces, host)).toBe(false);
  expect(isOwnHost(interfaces, '192.168.1.77')).toBe(true);
  expect(isOwnHost(interfaces, '192.168.1.76')).toBe(false);
});

const net6 = (address: string, internal = false) => ({
  ...net(address, 'ffff:ffff:ffff:ffff::', internal),
  family: 'IPv6' as const,
  scopeid: 2,
});

test('networks without IPv4 are reached by the multicast address of all nodes', () => {
  const interfaces = {
    lo: [net('127.0.0.1', '255.0.0.0', true), net6('::1', true)],
    both: [net('192.168.1.77', '255.255.255.0'), net6('fe80::1')],
    six: [net6('fd00::7'), net6('fe80::7')],
    tunnel: [net6('fd01::7')],
  };
  expect(multicastHosts(interfaces)).toEqual(['ff02::1%six']);
  expect(isOnLan(interfaces, 'fe80::99%six')).toBe(true);
  expect(isOwnHost(interfaces, 'fe80::7%six')).toBe(true);
  expect(isOnLan({ lo: interfaces.lo }, 'fe80::99%six')).toBe(false);
});

test('a host with hundreds of networks broadcasts to 32 of them', () => {
  const interfaces = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`net${index}`, [net(`10.1.${index}.1`, '255.255.255.0')]]),
  );
  expect(broadcastHosts(interfaces)).toHaveLength(32);
});
