import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { OneShotAnswer } from '../../Peer/CommandInterface.ts';
import { homePath } from '../../Shared/Paths/HomePath.ts';
import { makeFolder } from '../../Shared/Paths/MakeFolder.ts';
import { pathWithin } from '../../Shared/Paths/PathWithin.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { advisedAnswer, movedAnswer, pathsOf } from '../Running/Answers.ts';
import type { GuestPeer } from '../Running/GuestPeer.ts';
import { moveInto } from '../Running/MoveInto.ts';
import type { Run } from '../Running/Run.ts';

/** Destination of the files of a command. */
export interface Place {
  /** Absolute. */
  readonly folder: string;
  /** Name of the single file; undefined: its own. */
  readonly name: string | undefined;
}

export interface GetInto {
  readonly line: string;
  readonly words: readonly string[];
  readonly place: Place;
  /** Time after which a download without sources fails; undefined: the default of scripts. */
  readonly giveUpMs: number | undefined;
  /** Keeps the complete files of a folder that failed. */
  readonly keepGoing: boolean;
}

/** Folder of unfinished files in a share. */
const TEMP = 'Temp';

/**
 * Reads the value of `-o`: the name of a file, unless it is a folder, ends with a slash, or a folder goes there.
 * @throws ShoalError USAGE when it is empty, as an unset variable of a script is
 */
export async function placeOf(output: string, words: readonly string[]): Promise<Place> {
  if (output === '')
    throw new ShoalError('USAGE', '-o needs a folder or the name of a file', {
      hint: 'Write -o . for the current folder.',
    });
  const path = resolve(homePath(output));
  const isFolder =
    /[/\\]$/.test(output.replaceAll(sep, '/')) ||
    words.at(-1)?.endsWith('/') === true ||
    (await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    ));
  if (isFolder) return { folder: path, name: undefined };
  return { folder: dirname(path), name: basename(path) };
}

/** The place of that number of files and folders: several cannot have one name, so it is their folder. */
export function targetOf(place: Place, count: number): Place {
  if (place.name === undefined || count < 2) return place;
  return { folder: join(place.folder, place.name), name: undefined };
}

/** Downloads with a peer of its own into a hidden folder at the place, then moves the complete files to the place. */
export async function getInto(run: Run, wish: GetInto): Promise<OneShotAnswer> {
  const { line, words, place, giveUpMs, keepGoing } = wish;
  const { folder } = place;
  await makeOutputFolder(folder);
  // The same command continues what an earlier run left; another command gets a folder of its own.
  const id = createHash('sha256')
    .update([...words, place.name ?? ''].join('\0'))
    .digest('hex')
    .slice(0, 12);
  const root = join(folder, `.shoal-${id}`);
  const guest = await openGuest(run, root, place, giveUpMs);
  try {
    const answer = await run.inGuest(guest, 'get', line);
    const share = join(root, 'share');
    const moved = new Map<string, string>();
    const paths = pathsOf(answer);
    const target = targetOf(place, paths.length);
    if (target.folder !== folder) await makeOutputFolder(target.folder);
    for (const path of paths) {
      if (!pathWithin(folder, path)) continue;
      // A folder of which some files were at the place already may be named by its path there.
      const from = pathWithin(root, path) ? path : join(share, basename(path));
      if (await exists(from)) moved.set(path, await moveInto(from, target.folder, target.name));
    }
    if (answer.error === undefined) guest.delivered();
    const rest = await restOf(share);
    if (keepGoing) await moveRest(share, rest, target.folder, moved);
    const done = movedAnswer(answer, moved);
    if (keepGoing || rest.length === 0) return done;
    return advisedAnswer(
      done,
      `With --keep-going, complete files come to ${safeText(target.folder)} at once`,
    );
  } finally {
    await guest.close();
  }
}

/** Names of complete files that were not moved: those of a folder that failed. */
async function restOf(share: string): Promise<string[]> {
  const names = await readdir(share).catch(() => []);
  // A share's own files are hidden; those of others never are.
  return names.filter((name) => name !== TEMP && !name.startsWith('.'));
}

async function moveRest(
  share: string,
  rest: readonly string[],
  folder: string,
  moved: Map<string, string>,
): Promise<void> {
  for (const name of rest) moved.set(join(share, name), await moveInto(join(share, name), folder, undefined));
}

async function openGuest(
  run: Run,
  root: string,
  delivery: Place,
  giveUpMs: number | undefined,
): Promise<GuestPeer> {
  try {
    return await run.guest({ root, delivery, giveUpMs });
  } catch (failure) {
    if (!(failure instanceof ShoalError) || failure.code !== 'LOCAL_CONFLICT') throw failure;
    const isWritable = failure.hint?.includes('-o DIR') !== true;
    if (!isWritable) throw failure;
    throw new ShoalError(
      'LOCAL_CONFLICT',
      `another command is already downloading this into ${safeText(delivery.folder)}`,
      { hint: 'Wait for that command, or choose another folder: -o DIR', cause: failure },
    );
  }
}

async function makeOutputFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (failure) {
    throw notWritable(folder, failure);
  }
}

function notWritable(folder: string, cause: unknown): ShoalError {
  return new ShoalError('LOCAL_CONFLICT', `cannot write files into ${safeText(folder)}`, {
    hint: 'Choose a writable folder: -o DIR',
    cause,
  });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
