import { setFlagsFromString } from 'node:v8';

/** Files of a share or a download from which on the objects of a program are worth being collected early. */
export const MANY_FILES = 20_000;
/** Growth of the heap at which garbage is collected. V8 lets a heap of 200 MB grow to 750. */
const GROWTH_PERCENT = 40;

/**
 * Limits the garbage of this process: the old generation is collected more often, and the young one keeps the size that
 * it has. Measured in docs/Decisions/0012-units.md and 0013-a-million-shared-files.md. Cli/Scripts.js undoes both flags
 * before it keeps bytecode.
 */
export function limitHeapGrowth(setFlag: (flag: string) => void = setFlagsFromString): void {
  setFlag(`--heap-growing-percent=${GROWTH_PERCENT}`);
  setFlag('--semi-space-growth-factor=1');
}

/** Limits it as soon as there are many files. */
export function limitHeapOf(files: number, limit: () => void = limitHeapGrowth): void {
  if (files >= MANY_FILES) limit();
}
