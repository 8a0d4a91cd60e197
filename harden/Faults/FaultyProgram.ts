import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LaunchedProgram } from '../../bench/Programs/LaunchedProgram.ts';
import { Rig, untilShared } from '../../bench/Rig.ts';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import type { Figure } from '../Trial.ts';
import { FaultLibrary } from './FaultLibrary.ts';
import { filesBelow } from './StorageRun.ts';

const CODES = ['ENOSPC', 'EIO', 'EDQUOT', 'EMFILE', 'EROFS'] as const;
/** Time after the end of the faults in which a download must be done. */
const STUCK_MS = 90_000;
/** Duration of the faults, unless they are counted. */
const FAULT_MS = 1_500;

interface Item {
  readonly number: number;
  readonly path: string;
  readonly state: string;
  readonly reason: string | null;
}

/** Folders are downloaded by a real peer whose calls to the system fail, at a random one, once or for a while. */
export async function faultyProgram(short: boolean, random: SeededRandom): Promise<readonly Figure[]> {
  const rounds = short ? 4 : 60;
  const rig = await Rig.make();
  let library: FaultLibrary | undefined;
  try {
    const source = rig.share('seeder');
    for (let round = 0; round <= rounds; round++) await writeSet(join(source, `set${round}`), random);
    const seeder = await rig.peer('seeder');
    await untilShared(seeder, 7 * (rounds + 1));
    library = await FaultLibrary.build(rig.folder, `${rig.folder}/leecher`);
    const leecher = await rig.peer('leecher', [], undefined, { env: library.env });
    await untilShared(leecher, 0);
    await library.mend();
    const stuck: string[] = [];
    await download(leecher, 0);
    const calls = await library.calls();
    for (let round = 1; round <= rounds && leecher.running; round++) {
      const code = random.pick(CODES);
      const lasts = random.chance(0.5);
      await library.fail(random.int(1, calls), lasts ? 1_000_000 : 1, code);
      const done = download(leecher, round).catch((failure: unknown) => {
        stuck.push(`set${round} (${code}): ${String(failure).split('\n')[0]}`);
      });
      if (lasts) await Promise.race([done, pause(FAULT_MS)]);
      else await Promise.race([done, pause(200)]);
      await library.mend();
      await done;
    }
    const [wanted, got] = [await filesBelow(source), await filesBelow(rig.share('leecher'))];
    const final = [...got].filter(([path]) => !path.startsWith('Temp/'));
    const wrong = final
      .filter(([path, content]) => !wanted.get(plain(path))?.equals(content))
      .map(([path]) => path);
    const missing = [...wanted.keys()].filter((path) => !got.has(path));
    const doubled = final.map(([path]) => path).filter((path) => path !== plain(path));
    const alive = leecher.running;
    return [
      { name: 'faults in the real program', value: `${rounds} (of ${calls} calls a folder)`, met: true },
      {
        name: 'program alive',
        value: alive ? 'yes' : `no: ${leecher.stderr.slice(-300)}`,
        wanted: 'yes',
        met: alive,
      },
      list('wrong files', wrong),
      list('missing files', missing),
      list('files twice', doubled),
      list('downloads stuck', stuck),
    ];
  } finally {
    await library?.close();
    await rig.close();
  }
}

function list(name: string, cases: readonly string[]): Figure {
  const value = cases.length === 0 ? '0' : `${cases.length}: ${cases.slice(0, 6).join('; ')}`;
  return { name: `${name} (real program)`, value, wanted: '0', met: cases.length === 0 };
}

/** The path without the numbers that make a name unique. */
function plain(path: string): string {
  return path.replaceAll(/ \(\d+\)/g, '');
}

async function writeSet(folder: string, random: SeededRandom): Promise<void> {
  const names = [
    'large.bin',
    ...Array.from({ length: 6 }, (_, n) => `${n % 2 === 0 ? '' : 'below/'}small${n}`),
  ];
  for (const name of names) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, random.bytes(name === 'large.bin' ? 2_200_000 : 300));
  }
}

/** Downloads a folder and resumes it until it is done. @throws Error when it is stuck */
async function download(peer: LaunchedProgram, round: number): Promise<void> {
  const path = `set${round}/`;
  const deadlineMs = performance.now() + STUCK_MS;
  let last = 'never begun';
  while (performance.now() < deadlineMs) {
    const item = (await items(peer, 'downloads')).findLast((each) => each.path.includes(path.slice(0, -1)));
    if (item?.state === 'done') return;
    last = item === undefined ? 'not begun' : `${item.state}: ${item.reason}`;
    if (item === undefined) await answer(peer, `download ${path}`);
    else if (item.state === 'failed' || item.state === 'paused') await answer(peer, `resume ${item.number}`);
    await pause(100);
  }
  throw new Error(last);
}

async function items(peer: LaunchedProgram, command: string): Promise<readonly Item[]> {
  return ((JSON.parse(await answer(peer, command)) as { items?: Item[] }).items ?? []) as Item[];
}

async function answer(peer: LaunchedProgram, command: string): Promise<string> {
  const [line] = await peer.ask(`${command} --json`, /^\{"version":.*$/, 30_000);
  return line;
}
