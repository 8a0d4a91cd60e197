import { createHash } from 'node:crypto';
import { link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import type { OneShotAnswer } from '../Peer/CommandInterface.ts';
import { safeText } from '../Shared/SafeText.ts';
import { ShoalError, systemCode } from '../Shared/ShoalError.ts';
import { movedAnswer, pathOf, successAnswer } from './Answers.ts';
import type { GuestPeer } from './GuestPeer.ts';
import { consoleLine, type Run } from './Run.ts';
import { written } from './Screen.ts';

/** Longest wait for a tracker before a file is read in order, in milliseconds. */
const TRACKER_WAIT_MS = 3_000;
/** Names tried beside one that is taken. */
const NAMES_MAX = 10_000;

/**
 * `get <file>`, `get <peer> <file>`, `get <ip> <port> <file>`: into the share of the running peer, or with `-o DIR` (without a
 * running peer: into the working directory) by a peer of its own.
 */
export async function get(
  run: Run,
  words: readonly string[],
  options: { into?: string; flags: readonly string[] },
) {
  const line = consoleLine(
    words.length === 1 ? 'download' : 'get',
    [...options.flags, ...words],
    words.length,
  );
  if (options.into === undefined) {
    const running = await run.runningPeer();
    if (running !== undefined) return run.inRunning(running, 'get', line);
    if (run.share !== undefined) return run.line('get', line);
  }
  return getInto(run, line, words, resolve(options.into ?? '.'));
}

async function getInto(
  run: Run,
  line: string,
  words: readonly string[],
  folder: string,
): Promise<OneShotAnswer> {
  await makeFolder(folder);
  // The same wish finds what an earlier run left; another one does not meet it.
  const name = createHash('sha256').update(words.join('\0')).digest('hex').slice(0, 12);
  const guest = await openGuest(run, join(folder, `.shoal-${name}`), folder);
  try {
    const answer = await run.inGuest(guest, 'get', line);
    const path = pathOf(answer);
    if (answer.error !== undefined || path === undefined) return answer;
    const end = await moveInto(path, folder);
    return movedAnswer(answer, end, { from: safeText(path), to: safeText(end) });
  } finally {
    await guest.close();
  }
}

async function openGuest(run: Run, root: string, folder: string): Promise<GuestPeer> {
  try {
    return await run.guest({ root });
  } catch (failure) {
    if (!(failure instanceof ShoalError) || failure.code !== 'LOCAL_CONFLICT') throw failure;
    throw new ShoalError('LOCAL_CONFLICT', `this is being fetched into ${safeText(folder)} already`, {
      hint: 'Wait for the other command, or choose another folder: -o DIR',
      cause: failure,
    });
  }
}

/** `get … -o -`: the bytes to stdout, in order and verified; nothing stays on disk. */
export async function getToStdout(run: Run, words: readonly string[]): Promise<OneShotAnswer> {
  const guest = await run.guest({});
  const { peer } = guest;
  let bytes = 0;
  try {
    await peer.networkReady(TRACKER_WAIT_MS);
    const what = words.at(-1) ?? '';
    const named = words.slice(0, -1).join(' ');
    for await (const piece of peer.readInOrder(what, named === '' ? undefined : named, run.signal)) {
      if (!(await written(piece))) break; // Whoever read it has enough.
      bytes += piece.length;
    }
    return successAnswer('get', { items: [], bytes }, '');
  } finally {
    await guest.close();
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if ((await stat(folder)).isDirectory()) return;
  } catch (failure) {
    throw new ShoalError('LOCAL_CONFLICT', `${safeText(folder)} is no folder that files can be put into`, {
      hint: 'Name a folder that you can write to: -o DIR',
      cause: failure,
    });
  }
}

/** Moves a file or folder, never onto another one: `name (2).ext` then. @returns where it is */
async function moveInto(path: string, folder: string): Promise<string> {
  const { name, ext } = parse(path);
  const isFolder = (await stat(path)).isDirectory();
  for (let number = 1; number <= NAMES_MAX; number++) {
    const end = join(folder, number === 1 ? name + ext : `${name} (${number})${ext}`);
    try {
      if (!isFolder) {
        await link(path, end);
        await rm(path);
      } else {
        await mkdir(end); // Ours from here on: renaming replaces an empty folder only.
        await rename(path, end);
      }
      return end;
    } catch (failure) {
      if (systemCode(failure) === 'EEXIST') continue;
      if (isFolder || !(await isFree(end))) throw failure;
      await rename(path, end); // A file system without links.
      return end;
    }
  }
  throw new ShoalError(
    'LOCAL_CONFLICT',
    `too many files are named ${safeText(name + ext)} in ${safeText(folder)}`,
    {
      hint: 'Choose another folder: -o DIR',
    },
  );
}

async function isFree(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    () => true,
  );
}
