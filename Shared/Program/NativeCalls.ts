import { createRequire } from 'node:module';

/**
 * System calls that Node does not offer, or only with much around them, through the native part of koffi: an optional
 * dependency, prebuilt for glibc and musl. The package koffi itself is not used: it has an install script, and sources
 * of 2 MB.
 */
const PACKAGES: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: '@koromix/koffi-linux-x64',
  arm64: '@koromix/koffi-linux-arm64',
};

const require = createRequire(import.meta.url);

/** The functions of the C library. */
export interface NativeCalls {
  /** @param prototype - in C, as `int close(int)` @throws Error when the library has no such function */
  func(prototype: string): (...values: unknown[]) => number;
  /** `errno` after the last call of this thread. */
  errno(): number;
}

interface Koffi {
  load(library: null): Pick<NativeCalls, 'func'>;
  errno(): number;
}

/** Why there are none on this computer; undefined: nothing is known against them. */
export function whyNoNativeCalls(
  platform = process.platform,
  architecture = process.arch,
): string | undefined {
  if (platform !== 'linux') return `only on Linux, this is ${platform}`;
  const name = PACKAGES[architecture];
  if (name === undefined) return `not on ${architecture}`;
  try {
    require.resolve(name);
    return undefined;
  } catch {
    return `the optional package ${name} is not installed`;
  }
}

/** @throws Error when the optional dependency is not installed, or does not run here */
export function nativeCalls(): NativeCalls {
  const name = process.platform === 'linux' ? PACKAGES[process.arch] : undefined;
  if (name === undefined) throw new Error(`no native part for ${process.platform} on ${process.arch}`);
  const koffi = require(name) as Koffi;
  const system = koffi.load(null);
  return { func: (prototype) => system.func(prototype), errno: () => koffi.errno() };
}
