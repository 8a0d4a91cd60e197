import { access, constants, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PEER_PORT_FIRST, PEER_PORT_LAST } from '../../Protocol/Limits.ts';
import type { Log } from '../../Shared/Log.ts';
import { readFields } from './JsonFile.ts';
import { PROFILE_FILE } from './Profile.ts';
import { stateFolderOf, stateRoot } from './StateFolder.ts';

/** Default share folders are named after the port of their peer. */
const DEFAULT_FOLDER = /^User-(\d+)$/;

/** Default share folder of the peer at a port. @param above - the folder of all default share folders */
export function defaultShare(above: string, port: number): string {
  return join(above, `User-${port}`);
}

/**
 * Lists ports of earlier runs in the default range, the latest first. A peer that returns to its port has the same
 * default share folder, and its share links and the rules of a firewall stay valid.
 * @param share - undefined: the default share folders
 */
export async function formerPorts(
  share: string | undefined,
  above: string,
  log: Log,
  root: string = stateRoot(),
): Promise<readonly number[]> {
  const ports = await (share === undefined ? portsOfFolders(above) : portOfShare(share, log, root)).catch(
    () => [],
  );
  return ports.filter((port) => port >= PEER_PORT_FIRST && port <= PEER_PORT_LAST);
}

/** @throws Error of node:fs */
async function portsOfFolders(above: string): Promise<readonly number[]> {
  const names = (await readdir(above)).filter((name) => DEFAULT_FOLDER.test(name));
  const folders = await Promise.all(
    names.map(async (name) => ({
      port: Number(name.replace(DEFAULT_FOLDER, '$1')),
      changedMs: await changeOf(join(above, name)),
    })),
  );
  const usable = folders.filter(({ changedMs }) => changedMs >= 0);
  return usable.sort((a, b) => b.changedMs - a.changedMs).map(({ port }) => port);
}

/** Time of the last change of a folder; -1: it is none, or not writable, and no peer could start with it. */
async function changeOf(folder: string): Promise<number> {
  try {
    await access(folder, constants.W_OK);
    const stats = await stat(folder);
    return stats.isDirectory() ? stats.mtimeMs : -1;
  } catch {
    return -1;
  }
}

/** @throws Error of node:fs */
async function portOfShare(share: string, log: Log, root: string): Promise<readonly number[]> {
  const { port } = await readFields(join(stateFolderOf(await realpath(share), root), PROFILE_FILE), log);
  return typeof port === 'number' ? [port] : [];
}
