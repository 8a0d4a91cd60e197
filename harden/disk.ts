import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeFolder, temporaryFolder } from '../bench/Places.ts';
import { nodeDisk } from '../Peer/Files/Disk/NodeDisk.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import { FaultyDisk } from './Faults/FaultyDisk.ts';
import { faultyProgram } from './Faults/FaultyProgram.ts';
import { faultyStart } from './Faults/FaultyStart.ts';
import { filesBelow, openStorage, useStorage, type WantedFile, wantedFile } from './Faults/StorageRun.ts';
import type { Figure, TrialSettings } from './Trial.ts';

const CODES = ['ENOSPC', 'EIO', 'EDQUOT', 'EMFILE', 'EROFS'];
/** Calls that fail in a row: one, and all until the disk is mended. */
const LENGTHS = [1, 1_000_000];

/** Results of the runs. */
interface Findings {
  runs: number;
  wrong: string[];
  missing: string[];
  doubled: string[];
  strange: string[];
  leftovers: string[];
}

/** Each call to the disk fails once, through the disk interface and, in the real program, through the C library. */
export async function run({ short, seed }: TrialSettings): Promise<readonly Figure[]> {
  const random = new SeededRandom(seed);
  const large = wantedFile('large', 2_200_000, random);
  const small = Array.from({ length: 4 }, (_, n) => wantedFile(`small/${n % 2}/${n}`, 100 + n, random));
  const findings: Findings = { runs: 0, wrong: [], missing: [], doubled: [], strange: [], leftovers: [] };
  for (const code of CODES)
    for (const length of LENGTHS) {
      for (let call = short ? random.int(1, 6) : 1; ; call += short ? 6 : 1)
        if (!(await oneRun({ code, length, call }, large, small, findings))) break;
    }
  const { runs, ...lists } = findings;
  const inProcess = Object.entries(lists).map(([name, cases]) => ({
    name: `${name} (through the disk interface)`,
    value: cases.length === 0 ? '0' : `${cases.length}: ${cases.slice(0, 5).join('; ')}`,
    wanted: '0',
    met: cases.length === 0,
  }));
  return [
    { name: 'runs in process', value: String(runs), met: true },
    ...inProcess,
    ...(await faultyProgram(short, random)),
    ...(await faultyStart(short, random)),
  ];
}

/** @returns whether the fault happened */
async function oneRun(
  fault: { readonly code: string; readonly length: number; readonly call: number },
  large: WantedFile,
  small: readonly WantedFile[],
  found: Findings,
): Promise<boolean> {
  const name = `${fault.code} at call ${fault.call}${fault.length > 1 ? ' and later' : ''}`;
  const folder = await temporaryFolder(tmpdir());
  const root = join(folder, 'share');
  const faulty = new FaultyDisk(nodeDisk);
  try {
    const manager = await openStorage(root, faulty.disk);
    faulty.fail(fault.call, fault.length, fault.code);
    const strange = await useStorage(manager, large, small);
    if (!faulty.fired) return false;
    found.runs++;
    await checkContents(root, [large, small].flat(), name, found);
    faulty.mend();
    strange.push(...(await useStorage(manager, large, small)));
    await manager.close();
    const again = await openStorage(root, nodeDisk);
    await again.close();
    found.strange.push(...strange.map((failure) => `${name}: ${failure}`));
    const files = await checkContents(root, [large, small].flat(), name, found);
    for (const path of ['large', 'copy', ...small.map((file) => file.path)])
      if (!files.has(path)) found.missing.push(`${path} after ${name}`);
    for (const path of files.keys()) {
      if (/ \(\d+\)/.test(path)) found.doubled.push(`${path} after ${name}`);
      if (path.startsWith('Temp/')) found.leftovers.push(`${path} after ${name}`);
    }
    return true;
  } finally {
    await removeFolder(folder);
  }
}

/** Finds files with a final name and other content. */
async function checkContents(
  root: string,
  wanted: readonly WantedFile[],
  name: string,
  { wrong }: Findings,
): Promise<Map<string, Buffer>> {
  const files = await filesBelow(root);
  for (const [path, content] of files) {
    if (path.startsWith('Temp/')) continue;
    if (!wanted.some((file) => file.content.equals(content))) wrong.push(`${path} after ${name}`);
  }
  return files;
}
