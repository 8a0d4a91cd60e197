import { expect, test } from 'vitest';
import { guardedInterfaces } from '../../../Shared/Network/NetworkInterfaces.ts';
import { connectionsUnder, parseDescriptorLimit } from '../../../Shared/Program/Descriptors.ts';

const LIMITS = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             256973               256973               processes
Max open files            ${soft}                 1048576              files
`;

test.each([
  ['256', 256],
  ['unlimited', 1_048_576],
  ['nonsense', 256],
])('a soft limit of %s descriptors', (soft, limit) => {
  expect(parseDescriptorLimit(LIMITS(soft))).toBe(limit);
});

test('a text without the limit gives the default', () => {
  expect(parseDescriptorLimit('')).toBe(256);
});

test('connections leave descriptors for files, whatever the limit', () => {
  expect([1_048_576, 1_024, 256, 128, 64, 16].map(connectionsUnder)).toEqual([512, 488, 104, 40, 8, 8]);
});

test('a list of interfaces that the system refuses is the last one', () => {
  const lists = [{ eth0: [] }, undefined, { wlan0: [] }];
  const read = guardedInterfaces(() => {
    const list = lists.shift();
    if (list === undefined) throw new Error('EMFILE');
    return list;
  });
  expect([read(), read(), read()]).toEqual([{ eth0: [] }, { eth0: [] }, { wlan0: [] }]);
});
