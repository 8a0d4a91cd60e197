import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import type { Log } from '../../Shared/Log.ts';
import { makeFolder } from '../../Shared/Paths/MakeFolder.ts';
import { asShoalError, ShoalError, systemCode } from '../../Shared/ShoalError.ts';
import { FolderLock } from './FolderLock.ts';
import { readFields, readJson, writeJson } from './JsonFile.ts';

/** Failures after which a peer runs without stored state: the disk may take data again later. */
const NOT_NOW = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/** Lock in the share itself: notices peers of other users, and of this user with another HOME. */
const SHARE_LOCK = '.shoal-lock';

/** Root of all state folders: $XDG_STATE_HOME/shoal on Linux, the application data folder elsewhere. */
export function stateRoot(): string {
  const paths = envPaths('shoal', { suffix: '' });
  // On Linux the library calls the XDG state directory `log`.
  return process.platform === 'darwin' || process.platform === 'win32' ? paths.data : paths.log;
}

/** Path of the state of the peer that shares a folder. @param share - its real path */
export function stateFolderOf(share: string, root: string = stateRoot()): string {
  return join(root, 'shares', createHash('sha256').update(share).digest('hex').slice(0, 32));
}

/**
 * State of the peer that shares one folder: one directory per real path of the share, locked against a second peer.
 */
export class StateFolder {
  readonly #shareFolder: string;
  readonly #root: string;
  readonly #log: Log;
  #path: string | undefined;
  #realShare: string | undefined;
  readonly #locks: FolderLock[] = [];
  #problem: string | undefined;

  /** @param shareFolder - must exist when `start` is called */
  constructor(shareFolder: string, log: Log, root: string = stateRoot()) {
    this.#shareFolder = shareFolder;
    this.#log = log;
    this.#root = root;
  }

  /** Absolute. @throws ShoalError CLOSED before `start` */
  get path(): string {
    if (this.#path === undefined) throw new ShoalError('CLOSED', 'the state folder is not open');
    return this.#path;
  }

  /** Real path of the shared folder; as given before `start`. */
  get shareFolder(): string {
    return this.#realShare ?? this.#shareFolder;
  }

  /** Why the state cannot be stored now, as the disk is full or read-only; undefined: it can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Creates and locks the directory, where the disk allows it.
   * @throws ShoalError LOCAL_CONFLICT (another peer shares this folder), DISK_FAILED
   */
  async start(): Promise<void> {
    try {
      const share = await realpath(this.#shareFolder);
      const path = stateFolderOf(share, this.#root);
      await this.#ifPossible(makeFolder(path, 0o700));
      await this.#ifPossible(this.#acquire(join(path, 'lock'), share));
      await this.#acquire(join(share, SHARE_LOCK), share).catch((failure: unknown) => {
        // A folder that cannot be written (a DVD, a full disk) is shared all the same.
        if (failure instanceof ShoalError) throw failure;
      });
      this.#path = path;
      this.#realShare = share;
      // Shows users which share the directory belongs to.
      const { folder } = await this.read('share.json');
      if (folder !== share) await this.#ifPossible(this.write('share.json', { folder: share }));
    } catch (failure) {
      await this.close();
      if (failure instanceof ShoalError) throw failure;
      throw new ShoalError(
        'DISK_FAILED',
        `the state of this peer cannot be stored: ${asShoalError(failure, 'DISK_FAILED').message}`,
        {
          hint: `Is ${this.#root} writable? XDG_STATE_HOME names another place.`,
          cause: failure,
        },
      );
    }
  }

  /** Reads the unchecked fields of a stored object; none when it is missing or damaged. */
  read(name: string): ReturnType<typeof readFields> {
    return readFields(join(this.path, name), this.#log);
  }

  /** Reads an unchecked value up to a size; undefined when it is missing or damaged. */
  readLarge(name: string, bytesMax: number): Promise<unknown> {
    return readJson(join(this.path, name), this.#log, bytesMax);
  }

  /** Replaces a stored value atomically. @throws Error of node:fs */
  write(name: string, value: unknown): Promise<void> {
    return writeJson(join(this.path, name), value);
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    for (const lock of this.#locks.splice(0)) await lock.release();
  }

  async #ifPossible(write: Promise<unknown>): Promise<void> {
    try {
      await write;
    } catch (failure) {
      const code = systemCode(failure);
      if (failure instanceof ShoalError || code === undefined) throw failure;
      // Below a folder that could not be created nothing can be stored either.
      const isBelow = code === 'ENOENT' && this.#problem !== undefined;
      if (!NOT_NOW.has(code) && !isBelow) throw failure;
      this.#problem ??= code === 'EROFS' ? 'read-only' : 'full';
    }
  }

  async #acquire(path: string, share: string): Promise<void> {
    const lock = new FolderLock(path);
    const owner = await lock.acquire();
    if (owner !== undefined) throw sharedAlready(share, owner.pid);
    this.#locks.push(lock);
  }
}

function sharedAlready(share: string, pid: number): ShoalError {
  return new ShoalError('LOCAL_CONFLICT', `another peer (process ${pid}) already shares ${share}`, {
    hint: 'Use that peer, stop it, or share another folder: --share DIR',
  });
}
