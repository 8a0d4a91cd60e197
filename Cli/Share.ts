import { constants, copyFile, link, mkdir, mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { OneShotAnswer } from '../Peer/CommandInterface.ts';
import { safeText } from '../Shared/SafeText.ts';
import { ShoalError, systemCode } from '../Shared/ShoalError.ts';
import { successAnswer } from './Answers.ts';
import { consoleLine, type Run } from './Run.ts';

/** `share <paths…>`: serves these until Ctrl-C. */
export async function share(run: Run, paths: readonly string[]): Promise<OneShotAnswer> {
  const staged = await stage(paths);
  try {
    const guest = await run.guest({ share: staged.folder, stays: true });
    try {
      const { peer } = guest;
      await peer.scanned();
      await peer.networkReady(3_000);
      const { files, bytes } = peer.share();
      const trackers = peer.trackers().filter((each) => each.state === 'connected').length;
      const { port, name } = peer.self;
      const event = { event: 'sharing', files, bytes, port, name, trackers };
      const where = trackers === 0 ? 'no tracker answers yet' : 'until Ctrl-C';
      const text = `Sharing ${files === 1 ? '1 file' : `${files} files`} as ${safeText(name)} on TCP port ${port}, ${where}`;
      await run.screen.print(run.screen.json ? JSON.stringify(event) : text);
      peer.onNews((news) => run.screen.tell(news.text));
      await aborted(run.signal);
      return successAnswer('share', { files, bytes }, '');
    } finally {
      await guest.close();
    }
  } finally {
    await staged.remove();
  }
}

/** `send <file> <peer>`: a file of the running peer's share by its name there, or any file by its path. */
export async function send(run: Run, file: string, to: readonly string[], flags: readonly string[]) {
  const running = await run.runningPeer();
  const path = await realpath(resolve(file)).catch(() => undefined);
  const line = (name: string) => consoleLine('send', [...flags, name, ...to], 1 + to.length);
  if (running !== undefined) {
    const inside = path?.startsWith(`${running.share}/`) ? path.slice(running.share.length + 1) : undefined;
    if (path === undefined || inside !== undefined)
      return run.inRunning(running, 'send', line(inside ?? file));
  }
  if (path === undefined) throw notThere(file);
  const staged = await stage([path]);
  try {
    const guest = await run.guest({ share: staged.folder }, running);
    try {
      await guest.peer.scanned();
      return await run.inGuest(guest, 'send', line(basename(path)));
    } finally {
      await guest.close();
    }
  } finally {
    await staged.remove();
  }
}

interface Staged {
  readonly folder: string;
  remove(): Promise<void>;
}

/** A folder that holds exactly these: one folder is taken as it is, anything else is linked, or copied where links are not possible. */
async function stage(paths: readonly string[]): Promise<Staged> {
  const real = await Promise.all(
    paths.map((path) =>
      realpath(resolve(path)).catch(() => {
        throw notThere(path);
      }),
    ),
  );
  const [only] = real;
  if (only !== undefined && real.length === 1 && (await stat(only)).isDirectory())
    return { folder: only, remove: async () => {} };
  const folder = await makeBeside(dirname(only ?? tmpdir()));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const path of real) await place(path, join(folder, basename(path)));
    return { folder: await realpath(folder), remove };
  } catch (failure) {
    await remove();
    throw failure;
  }
}

/** Beside the files, so that links to them are possible; else in the temporary directory. */
async function makeBeside(folder: string): Promise<string> {
  return mkdtemp(join(folder, '.shoal-share-')).catch(() => mkdtemp(join(tmpdir(), 'shoal-share-')));
}

async function place(from: string, to: string): Promise<void> {
  if ((await stat(from)).isDirectory()) {
    await mkdir(to);
    for (const entry of await readdir(from, { withFileTypes: true })) {
      if (entry.isDirectory() || entry.isFile()) await place(join(from, entry.name), join(to, entry.name));
    }
    return;
  }
  try {
    await link(from, to);
  } catch (failure) {
    if (systemCode(failure) === 'EEXIST') {
      throw new ShoalError('LOCAL_CONFLICT', `two of these are named ${safeText(basename(to))}`, {
        hint: 'Share the folder above them, or rename one.',
      });
    }
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

function notThere(path: string): ShoalError {
  return new ShoalError('NOT_FOUND', `there is no file or folder ${safeText(path)}`, {
    hint: 'Give a path as your shell completes it.',
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 60_000);
  return new Promise((done) => {
    const end = () => {
      clearInterval(alive);
      done();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
