import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LaunchedProgram } from '../../bench/Programs/LaunchedProgram.ts';
import { Rig, status } from '../../bench/Rig.ts';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import type { Figure } from '../Trial.ts';
import { FaultLibrary } from './FaultLibrary.ts';
import { wantedFile } from './StorageRun.ts';

const CODES = ['ENOSPC', 'EIO', 'EDQUOT', 'EMFILE', 'EROFS'] as const;
/** Time in which a program must answer or end. */
const HANGS_MS = 60_000;
/** Faults of the short form. */
const FAULTS_SHORT = 3;
const PEER = 'keeper';

/** One run of the program, from its start to its end. */
interface Visit {
  readonly peerId: string | undefined;
  /** Ids of the shared files, by path; undefined: the program ended before it listed them. */
  readonly ids: ReadonlyMap<string, string> | undefined;
  readonly code: number | null;
  readonly stderr: string;
}

interface Listed {
  readonly items?: readonly { readonly path: string; readonly id: string | null }[];
}

/**
 * A real peer starts, hashes a changed file, and ends, while one of its calls to the system fails: those for its
 * state and its hash cache among them. It runs, or ends with an error message; afterwards it starts with the same id
 * and right hashes.
 */
export async function faultyStart(short: boolean, random: SeededRandom): Promise<readonly Figure[]> {
  const rig = await Rig.make();
  let library: FaultLibrary | undefined;
  const found: Record<'crashes' | 'wrong hashes' | 'lost state', string[]> = {
    crashes: [],
    'wrong hashes': [],
    'lost state': [],
  };
  try {
    const wanted = new Map<string, string>();
    library = await FaultLibrary.build(rig.folder, join(rig.folder, PEER));
    const { env } = library;
    const write = async (path: string) => {
      const { content, description } = wantedFile(path, random.int(1, 3_000_000), random);
      wanted.set(path, description.fileId);
      await writeFile(join(rig.share(PEER), path), content);
    };
    await visit(rig, env);
    for (const path of ['one', 'two', 'changing']) await write(path);
    await library.mend();
    const { peerId } = await visit(rig, env);
    const calls = await library.calls();
    let faults = 0;
    for (let call = 1; call <= calls; call += short ? Math.ceil(calls / FAULTS_SHORT) : 1) {
      const code = random.pick(CODES);
      const lasts = random.chance(0.5);
      const name = `${code} at call ${call}${lasts ? ' and later' : ''}`;
      await write('changing');
      await library.fail(call, lasts ? 1_000_000 : 1, code);
      const faulty = await visit(rig, env);
      faults++;
      await library.mend();
      if (/^\s+at /m.test(faulty.stderr) || (faulty.code !== 0 && !faulty.stderr.includes('error: ')))
        found.crashes.push(`${name}: ${faulty.code}, ${faulty.stderr.slice(-200)}`);
      const sound = await visit(rig, env);
      for (const { ids = new Map<string, string>() } of [faulty, sound])
        for (const [path, id] of ids)
          if (wanted.get(path) !== id) found['wrong hashes'].push(`${path} after ${name}`);
      if (sound.peerId !== peerId) found['lost state'].push(`another peer id after ${name}`);
      if (sound.ids?.size !== wanted.size) found['lost state'].push(`${sound.ids?.size} files after ${name}`);
    }
    return [
      {
        name: 'faults from start to end of the real program',
        value: `${faults} (of ${calls} calls)`,
        met: true,
      },
      ...Object.entries(found).map(([name, cases]) => ({
        name: `${name} (from start to end)`,
        value: cases.length === 0 ? '0' : `${cases.length}: ${cases.slice(0, 4).join('; ')}`,
        wanted: '0',
        met: cases.length === 0,
      })),
    ];
  } finally {
    await library?.close();
    await rig.close();
  }
}

/** Starts the peer, lists its files when all are hashed, and ends it. @throws Error when it hangs */
async function visit(rig: Rig, env: Readonly<Record<string, string>>): Promise<Visit> {
  const peer = await rig.peer(PEER, [], undefined, { env });
  let peerId: string | undefined;
  let ids: ReadonlyMap<string, string> | undefined;
  try {
    await untilHashed(peer);
    peerId = (JSON.parse(await answer(peer, 'whoami')) as { id?: string }).id;
    const { items = [] } = JSON.parse(await answer(peer, 'list')) as Listed;
    ids = new Map(items.map(({ path, id }) => [path, id ?? '']));
    peer.type('quit');
  } catch (failure) {
    if (peer.running) throw failure;
  }
  const { code } = await peer.exit(HANGS_MS);
  return { peerId, ids, code, stderr: peer.stderr };
}

async function untilHashed(peer: LaunchedProgram): Promise<void> {
  for (const deadlineMs = performance.now() + HANGS_MS; performance.now() < deadlineMs; await pause(50)) {
    const { share } = await status(peer);
    if (share.scanned && share.hashing.files === 0) return;
  }
  throw new Error('the peer of the trial never ends hashing');
}

async function answer(peer: LaunchedProgram, command: string): Promise<string> {
  const [line] = await peer.ask(
    `${command} --json`,
    new RegExp(`^\\{"version":.*"command":"${command}".*$`),
    HANGS_MS,
  );
  return line;
}
