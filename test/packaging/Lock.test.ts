import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { TARGETS } from '../../packaging/Targets.ts';

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
}

const file = fileURLToPath(new URL('../../package-lock.json', import.meta.url));
const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> };
const installed = Object.entries(packages).filter(([path]) => path !== '');

test('every locked package has the hash of its archive, and names no registry', () => {
  expect(installed.length).toBeGreaterThan(100);
  expect(installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([]);
  expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});

test('no package that users install runs a script at install time', () => {
  const scripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
  expect(scripts).toEqual([]);
});

test.each(TARGETS)('$name has a native hash function', ({ os, cpu }) => {
  const natives = installed.filter(
    ([path, locked]) =>
      path.startsWith('node_modules/@napi-rs/blake-hash-') &&
      locked.os?.includes(os) &&
      locked.cpu?.includes(cpu),
  );
  expect(natives.length).toBeGreaterThan(0);
});
