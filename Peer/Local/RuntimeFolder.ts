import { createHash } from 'node:crypto';
import { chmod, lstat, readdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../../Shared/Paths/MakeFolder.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';

/** Upper bound on the path of a Unix socket in bytes: 108 with the final zero on Linux, 104 on macOS (sun_path). */
const SOCKET_PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107;
const SOCKET_NAME = /^(\d{1,5})\.sock$/;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Folder of all local sockets: `XDG_RUNTIME_DIR/shoal`, or a folder of this user in the temporary directory when it
 * is not set or its path is too long.
 */
export function runtimeFolder(environment: Environment): string {
  const { XDG_RUNTIME_DIR: base } = environment;
  if (base !== undefined && base !== '') {
    const folder = join(base, 'shoal');
    if (fits(folder)) return folder;
    // One folder per runtime directory, so that separate environments of a user stay apart.
    return join('/tmp', `shoal-${userNumber()}-${shortHash(folder)}`);
  }
  const folder = join(tmpdir(), `shoal-${userNumber()}`);
  return fits(folder) ? folder : join('/tmp', `shoal-${userNumber()}`);
}

/** Local socket of the peer with that port: a file in the folder, on Windows a named pipe. */
export function socketPath(folder: string, port: number): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\shoal-${shortHash(folder)}-${port}`;
  return join(folder, `${port}.sock`);
}

/** Creates the folder for its owner only. @throws ShoalError LOCAL_CONFLICT when another user owns it */
export async function makeRuntimeFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await makeFolder(folder, 0o700);
  const found = await lstat(folder);
  const owner = process.getuid?.();
  if (!found.isDirectory() || (owner !== undefined && found.uid !== owner)) {
    throw new ShoalError('LOCAL_CONFLICT', `${folder} is not a folder of this user`, {
      hint: 'Set XDG_RUNTIME_DIR to a folder that only you can read.',
    });
  }
  if ((found.mode & 0o077) !== 0) await chmod(folder, 0o700);
}

/** Ports of the sockets in the folder, including stale ones of killed peers. Empty when there is no folder. */
export async function socketPorts(folder: string): Promise<readonly number[]> {
  try {
    if (process.platform === 'win32') {
      const pipes = await readdir('\\\\.\\pipe\\');
      const start = `shoal-${shortHash(folder)}-`;
      return pipes.filter((name) => name.startsWith(start)).map((name) => Number(name.slice(start.length)));
    }
    const { uid } = await lstat(folder);
    if (uid !== process.getuid?.()) return [];
    return (await readdir(folder)).flatMap((name) => SOCKET_NAME.exec(name)?.[1] ?? []).map(Number);
  } catch {
    return [];
  }
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, '65535.sock')) <= SOCKET_PATH_BYTES_MAX;
}

function userNumber(): string {
  return String(process.getuid?.() ?? shortHash(userInfo().username));
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
