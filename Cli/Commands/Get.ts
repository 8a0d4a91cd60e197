import { createHash } from 'node:crypto';
import { link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import type { OneShotAnswer } from '../../Peer/CommandInterface.ts';
import { makeFolder } from '../../Shared/MakeFolder.ts';
import { safeText } from '../../Shared/SafeText.ts';
import { asShoalError, ShoalError, systemCode } from '../../Shared/ShoalError.ts';
import { failureAnswer, movedAnswer, pathOf } from '../Running/Answers.ts';
import { EXIT } from '../Running/ExitCodes.ts';
import type { GuestPeer } from '../Running/GuestPeer.ts';
import { consoleLine, type Run } from '../Running/Run.ts';
import { written } from '../Running/Screen.ts';
import type { ShoalCommand } from './ShoalCommand.ts';

/** Longest wait for a tracker before a file is streamed, in milliseconds. */
const TRACKER_WAIT_MS = 3_000;
/** Most names that are tried when a file of that name exists. */
const NAMES_MAX = 10_000;

export const get: ShoalCommand = {
  usage: '<file> [more...]',
  aliases: ['download'],
  summary: 'download a file: <file|id|folder/>, <peer> <file>, or <ip> <port> <file>',
  flags: {
    '-o, --output <dir>': 'put it into this folder; - writes it to stdout, in order and verified',
    '--no-wait': 'let the running peer continue the download, and do not wait for its end',
  },
  async run({ words, options: { output, wait }, open }) {
    const run = await open();
    if (output === '-') return getToStdout(run, words);
    const flags = wait === false ? ['--no-wait'] : [];
    const line = consoleLine(words.length === 1 ? 'download' : 'get', [...flags, ...words], words.length);
    return run.screen.answer(await getToDisk(run, line, words, output));
  },
};

/** Downloads into a named folder, else into the share of the running peer or `--share`, else into the working directory. */
async function getToDisk(
  run: Run,
  line: string,
  words: readonly string[],
  folder: string | undefined,
): Promise<OneShotAnswer> {
  if (folder === undefined) {
    const running = await run.runningPeer();
    if (running !== undefined) return run.inRunning(running, 'get', line);
    if (run.share !== undefined) return run.line('get', line);
  }
  return getInto(run, line, words, resolve(folder ?? '.'));
}

async function getInto(
  run: Run,
  line: string,
  words: readonly string[],
  folder: string,
): Promise<OneShotAnswer> {
  await makeOutputFolder(folder);
  // The same command continues what an earlier run left; another command gets a folder of its own.
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
    throw new ShoalError(
      'LOCAL_CONFLICT',
      `another command is already downloading this into ${safeText(folder)}`,
      {
        hint: 'Wait for that command, or choose another folder: -o DIR',
        cause: failure,
      },
    );
  }
}

/** `get … -o -`: the verified bytes to stdout, in order; nothing stays on disk. Errors go to stderr, also as JSON. */
async function getToStdout(run: Run, words: readonly string[]): Promise<number> {
  try {
    const guest = await run.guest({});
    try {
      await guest.peer.networkReady(TRACKER_WAIT_MS);
      const what = words.at(-1) ?? '';
      const named = words.slice(0, -1).join(' ');
      for await (const piece of guest.peer.readInOrder(what, named === '' ? undefined : named, run.signal))
        if (!(await written(piece))) break; // The reader has closed the pipe.
      return EXIT.ok;
    } finally {
      await guest.close();
    }
  } catch (failure) {
    return run.screen.answer(failureAnswer('get', asShoalError(failure, 'DISK_FAILED')), 'stderr');
  }
}

async function makeOutputFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (failure) {
    throw new ShoalError('LOCAL_CONFLICT', `cannot write files into ${safeText(folder)}`, {
      hint: 'Choose a writable folder: -o DIR',
      cause: failure,
    });
  }
}

/** Moves a file or folder without overwriting: an existing name gives `name (2).ext`. @returns the new path */
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
        await mkdir(end); // Reserves the name: rename replaces an empty folder only.
        await rename(path, end);
      }
      return end;
    } catch (failure) {
      if (systemCode(failure) === 'EEXIST') continue;
      if (isFolder || !(await isFree(end))) throw failure;
      await rename(path, end); // The file system has no hard links.
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
