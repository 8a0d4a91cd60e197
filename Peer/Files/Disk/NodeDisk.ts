import {
  closeSync,
  constants,
  copyFile,
  fdatasync,
  fstatSync,
  fsync,
  ftruncate,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  unlinkSync,
} from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemCode } from '../../../Shared/ShoalError.ts';
import type { FileAttributes } from '../../Model.ts';
import { setAttributes, timeSeconds } from './Attributes.ts';
import { closeQuietly } from './CloseQuietly.ts';
import type { Disk, DiskFile } from './Disk.ts';
import { type FileState, fileState } from './FileState.ts';
import { CREATE, createWhole, remove } from './WholeFile.ts';
import { WriteQueue } from './WriteQueue.ts';

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** A pipe in place of a file reads as empty instead of blocking. */
const READ_NOW = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Codes of a sync that the file system does not have. */
const UNSUPPORTED = ['EINVAL', 'ENOTSUP', 'ENOSYS'];

const datasyncOf = promisify(fdatasync);
const syncOf = promisify(fsync);
const truncateTo = promisify(ftruncate);
const copyTo = promisify(copyFile);

/** The real file system. */
export const nodeDisk: Disk = {
  create: (path) => new NodeFile(openSync(path, 'wx+')),
  open: (path) => new NodeFile(openSync(path, constants.O_RDWR | NO_FOLLOW)),
  readWhole: (path) => readFile(path, { flag: READ_NOW }),
  createWhole,
  link: linkSync,
  rename: renameSync,
  remove,
  removeFolder: (path) => rmSync(path, { recursive: true, force: true }),
  copy: async (from, to, attributes) => {
    await copyTo(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    const fd = openSync(to, constants.O_RDONLY | NO_FOLLOW);
    setAttributes(fd, attributes);
    closeSync(fd);
  },
  kindOf: (path) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (stats.isFile()) return 'file';
    return stats.isDirectory() ? 'folder' : 'other';
  },
  stateOf: (path) => stateOf(path),
  makeFolder: (path) => {
    mkdirSync(path);
  },
  folderTime: (path) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats?.isDirectory() ? Math.max(0, Math.floor(stats.mtimeMs)) : undefined;
  },
  setFolderTime: (path, modifiedMs) => lutimesSync(path, Date.now() / 1_000, timeSeconds(modifiedMs)),
  names,
  keepsAnyName,
  syncFolder,
  freeBytes: (folder) => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
};

function names(folder: string): readonly string[] {
  try {
    return lstatSync(folder).isDirectory() ? readdirSync(folder) : [];
  } catch (failure) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCode(failure) ?? '')) return [];
    throw failure;
  }
}

/** Returns undefined when there is no regular file. */
function stateOf(path: string): FileState | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats?.isFile() ? fileState(stats) : undefined;
}

function keepsAnyName(folder: string): 'portable' | 'any' | undefined {
  // A colon there creates a stream of another file.
  if (process.platform === 'win32') return 'portable';
  const stem = `${process.pid}.probe`;
  const exists = (name: string) => readdirSync(folder).includes(name);
  try {
    closeSync(openSync(join(folder, stem), CREATE));
    unlinkSync(join(folder, stem));
  } catch {
    return undefined;
  }
  const name = `${stem}<>:"|?*\\e\u0301. `;
  try {
    closeSync(openSync(join(folder, name), CREATE));
    const isKept = exists(name);
    unlinkSync(join(folder, name));
    return isKept ? 'any' : 'portable';
  } catch {
    return 'portable';
  }
}

async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch (failure) {
    // Windows cannot open folders.
    if (!['EISDIR', 'EPERM', 'EACCES', ...UNSUPPORTED].includes(systemCode(failure) ?? '')) throw failure;
  }
}

/** Waits for a sync. Returns false when the file system has none, as some network and FUSE file systems. */
async function synced(sync: Promise<void>): Promise<boolean> {
  try {
    await sync;
    return true;
  } catch (failure) {
    if (UNSUPPORTED.includes(systemCode(failure) ?? '')) return false;
    throw failure;
  }
}

class NodeFile implements DiskFile {
  #fd: number | undefined;
  readonly #writes: WriteQueue;

  constructor(fd: number) {
    this.#fd = fd;
    this.#writes = new WriteQueue(fd);
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    this.#open();
    return this.#writes.write(bytes, position);
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return readFully(this.#open(), into, position);
  }

  setAttributes(attributes: FileAttributes): void {
    setAttributes(this.#open(), attributes);
  }

  descriptor(): number {
    return this.#open();
  }

  truncate(length: number): Promise<void> {
    return truncateTo(this.#open(), length);
  }

  datasync(): Promise<boolean> {
    return synced(datasyncOf(this.#open()));
  }

  sync(): Promise<boolean> {
    return synced(syncOf(this.#open()));
  }

  state(): FileState {
    return fileState(fstatSync(this.#open(), { bigint: true }));
  }

  links(): number {
    return fstatSync(this.#open()).nlink;
  }

  close(): void {
    if (this.#fd !== undefined) closeQuietly(this.#fd);
    this.#fd = undefined;
  }

  #open(): number {
    if (this.#fd === undefined) throw new Error('the file is closed');
    return this.#fd;
  }
}

/** Fills `into` from `position` up to the end of the file. Returns the number of bytes read. */
export function readFully(fd: number, into: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const from = (start: number) => {
      read(fd, into, start, into.length - start, position + start, (failure, count) => {
        if (failure !== null) reject(failure);
        else if (count === 0 || start + count === into.length) resolve(start + count);
        else from(start + count);
      });
    };
    from(0);
  });
}
