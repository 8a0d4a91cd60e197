import { expect, test } from 'vitest';
import { ASSIGNED_MS, PortAssignment } from '../../../Tracker/Peers/PortAssignment.ts';

const none = () => new Set<number>();
const from = (port: number, host = '10.0.0.1') => ({ host, port });

test('two requests get two ports, a repeated request the same one', () => {
  const ports = new PortAssignment();
  expect(ports.assign(from(1), 5, none, 0)).toBe(9_000);
  expect(ports.assign(from(2), 5, none, 0)).toBe(9_001);
  expect(ports.assign(from(1), 5, none, 100)).toBe(9_000);
  expect(ports.assign(from(1), 6, none, 100)).toBe(9_002);
  expect(ports.assign(from(1, '10.0.0.2'), 5, none, 100)).toBe(9_000);
});

test('ports in use are left out; assigned ports that were not taken become free', () => {
  const ports = new PortAssignment();
  expect(ports.assign(from(1), 1, () => new Set([9_000, 9_001]), 0)).toBe(9_002);
  expect(ports.assign(from(2), 1, none, ASSIGNED_MS)).toBe(9_000);
  expect(ports.assign(from(3), 1, none, ASSIGNED_MS)).toBe(9_001);
  expect(ports.assign(from(4), 1, none, ASSIGNED_MS)).toBe(9_002);
});

test('without a free port none is assigned', () => {
  const all = new Set(Array.from({ length: 1_000 }, (_, at) => 9_000 + at));
  expect(new PortAssignment().assign(from(1), 1, () => all, 0)).toBeUndefined();
});

test('a lease ends after 30 s', () => {
  const ports = new PortAssignment();
  const assign = (transaction: number, nowMs: number) =>
    ports.assign({ host: '10.0.0.1', port: 1 }, transaction, () => new Set(), nowMs);
  expect(assign(1, 0)).toBe(9_000);
  expect(assign(2, 29_999)).toBe(9_001);
  expect(assign(3, 30_000)).toBe(9_000);
});

test('4,096 leases at once, the newest', () => {
  const ports = new PortAssignment();
  const assign = (host: number, transaction: number) =>
    ports.assign({ host: `10.0.${host >> 8}.${host & 255}`, port: 1 }, transaction, () => new Set(), 0);
  for (let host = 0; host <= 4_096; host++) assign(host, 1);
  expect(assign(4_096, 2)).toBe(9_001);
  expect(assign(0, 2)).toBe(9_000);
});
