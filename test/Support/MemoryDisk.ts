import type { Disk, DiskFile } from '../../Peer/Files/Disk/Disk.ts';
import { type FileState, fileState } from '../../Peer/Files/Disk/FileState.ts';
import type { FileAttributes } from '../../Peer/Model.ts';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';

interface Write {
  readonly position: number;
  readonly bytes: Buffer;
}

/** The bytes of a file, as read and as synced. */
interface Inode {
  readonly number: number;
  content: Buffer;
  durable: Buffer;
  /** Completed writes that are not synced: a power cut keeps any of them, whole or torn. */
  unsafe: Write[];
  links: number;
  /** Number of its last change. */
  version: number;
  /** Set time; undefined: that of the last write. */
  modifiedMs?: number | undefined;
  executable?: true | undefined;
}

/** Changes of all files so far: the clock of their times. */
let changes = 0;

type Names = Map<string, Inode | 'folder' | 'link'>;

export interface MemoryDiskOptions {
  readonly random: SeededRandom;
  /** False: a file system without hard links. */
  readonly links?: boolean;
  /** True: a file system that keeps names which Windows forbids. */
  readonly anyNames?: boolean;
}

/**
 * A disk in memory with faults and power cuts. Asynchronous calls end after a random number of turns, in any order,
 * and read their buffers only then. Names are durable after `syncFolder`, in order of creation; bytes after `sync`.
 */
export class MemoryDisk implements Disk {
  free = Number.MAX_SAFE_INTEGER;
  /** Times of folders, as set. */
  readonly folderTimes = new Map<string, number>();
  /** Calls that can fail so far. */
  calls = 0;
  readonly #random: SeededRandom;
  readonly #hasLinks: boolean;
  readonly #anyNames: boolean;
  #names: Names = new Map();
  #safeNames: Names = new Map();
  /** Changes of names since the last `syncFolder`. */
  #nameChanges: ((names: Names) => void)[] = [];
  #fault: { readonly atCall: number; readonly code: string } | undefined;
  #inodes = 0;
  #dead = false;

  constructor({ random, links = true, anyNames = false }: MemoryDiskOptions) {
    this.#anyNames = anyNames;
    this.#random = random;
    this.#hasLinks = links;
  }

  /** Lets one call fail, by its number from now (1: the next). */
  failAt(call: number, code: string): void {
    this.#fault = { atCall: this.calls + call, code };
  }

  /** Whether the set fault has occurred. */
  get failed(): boolean {
    return this.#fault !== undefined && this.calls >= this.#fault.atCall;
  }

  /**
   * Cuts the power. Returns the disk for the next start; this one answers no further call.
   * Of unsynced changes, any part of the bytes and any prefix of the changes of names survive.
   */
  powerCut(): MemoryDisk {
    const next = this.#successor();
    const kept = this.#random.int(0, this.#nameChanges.length);
    for (const change of this.#nameChanges.slice(0, kept)) change(this.#safeNames);
    const twins = new Map<Inode, Inode>();
    for (const [path, entry] of this.#safeNames) {
      if (typeof entry === 'string') next.#names.set(path, entry);
      else {
        const twin = twins.get(entry) ?? this.#survivor(entry);
        twins.set(entry, twin);
        twin.links++;
        next.#names.set(path, twin);
      }
    }
    next.#safeNames = new Map(next.#names);
    return next;
  }

  /** Kills the process: completed calls stay, pending ones may be lost. */
  kill(): MemoryDisk {
    const next = this.#successor();
    next.#names = this.#names;
    next.#safeNames = this.#safeNames;
    next.#nameChanges = this.#nameChanges;
    return next;
  }

  /** The content of a file, for tests; undefined when there is none. */
  peek(path: string): Buffer | undefined {
    const entry = this.#names.get(path);
    return entry === undefined || typeof entry === 'string' ? undefined : entry.content;
  }

  putFolder(path: string): void {
    this.#changeNames((names) => names.set(path, 'folder'));
  }

  putLink(path: string): void {
    this.#changeNames((names) => names.set(path, 'link'));
  }

  create(path: string): DiskFile {
    this.#call();
    if (this.#names.has(path)) throw systemError('EEXIST', path);
    this.#requireFolder(path);
    const inode = this.#inode(Buffer.alloc(0));
    inode.links = 1;
    this.#changeNames((names) => names.set(path, inode));
    return new MemoryFile(inode, this);
  }

  open(path: string): DiskFile {
    this.#call();
    return new MemoryFile(this.#find(path), this);
  }

  async readWhole(path: string): Promise<Buffer> {
    this.#call();
    const inode = this.#find(path);
    await this.turns();
    return Buffer.from(inode.content);
  }

  createWhole(path: string, bytes: Uint8Array, attributes: FileAttributes = {}): FileState {
    this.create(path);
    this.#call();
    const inode = this.#find(path);
    inode.content = Buffer.from(bytes);
    inode.unsafe.push({ position: 0, bytes: Buffer.from(bytes) });
    inode.version = ++changes;
    setAttributes(inode, attributes);
    return stateOf(inode);
  }

  link(from: string, to: string): void {
    this.#call();
    if (!this.#hasLinks) throw systemError('ENOTSUP', to);
    const inode = this.#find(from);
    if (this.#names.has(to)) throw systemError('EEXIST', to);
    this.#requireFolder(to);
    inode.links++;
    inode.version = ++changes;
    this.#changeNames((names) => names.set(to, inode));
  }

  rename(from: string, to: string): void {
    this.#call();
    if (this.#names.get(from) === 'folder') {
      this.#renameFolder(from, to);
      return;
    }
    const inode = this.#find(from);
    const replaced = this.#names.get(to);
    if (replaced !== undefined && typeof replaced !== 'string') replaced.links--;
    // One change: a power cut leaves the old or the new name.
    this.#changeNames((names) => {
      names.delete(from);
      names.set(to, inode);
    });
  }

  remove(path: string): void {
    this.#call();
    this.#unlink(path);
  }

  removeFolder(path: string): void {
    this.#call();
    for (const each of [...this.#names.keys()])
      if (each === path || each.startsWith(`${path}/`)) this.#unlink(each);
  }

  async copy(from: string, to: string, attributes: FileAttributes): Promise<void> {
    this.#call();
    const { content } = this.#find(from);
    await this.turns();
    this.createWhole(to, content, attributes);
  }

  kindOf(path: string): 'file' | 'folder' | 'other' | undefined {
    const entry = this.#names.get(path);
    if (entry === undefined || entry === 'folder') return entry;
    return entry === 'link' ? 'other' : 'file';
  }

  stateOf(path: string): FileState | undefined {
    const entry = this.#names.get(path);
    return entry === undefined || typeof entry === 'string' ? undefined : stateOf(entry);
  }

  makeFolder(path: string): void {
    this.#call();
    if (this.#names.has(path)) throw systemError('EEXIST', path);
    this.#requireFolder(path);
    this.putFolder(path);
  }

  folderTime(path: string): number | undefined {
    return this.#names.get(path) === 'folder' ? (this.folderTimes.get(path) ?? 0) : undefined;
  }

  setFolderTime(path: string, modifiedMs: number): void {
    this.#call();
    this.folderTimes.set(path, modifiedMs);
  }

  names(folder: string): readonly string[] {
    const prefix = `${folder}/`;
    const below = [...this.#names.keys()].filter((path) => path.startsWith(prefix));
    return below.map((path) => path.slice(prefix.length)).filter((name) => !name.includes('/'));
  }

  keepsAnyName(): 'portable' | 'any' {
    return this.#anyNames ? 'any' : 'portable';
  }

  async syncFolder(): Promise<void> {
    this.#call();
    const changes = this.#nameChanges.length;
    await this.turns();
    for (const change of this.#nameChanges.splice(0, changes)) change(this.#safeNames);
  }

  freeBytes(): number {
    return this.free;
  }

  /** @internal Counts a call that can fail. @throws the fault set for it */
  call(): void {
    this.#call();
  }

  /** @internal Ends after some turns of the event loop; never after a power cut. */
  async turns(): Promise<void> {
    for (let left = this.#random.int(0, 3); left > 0; left--)
      await new Promise((resolve) => setImmediate(resolve));
    if (this.#dead) await new Promise(() => {});
  }

  #call(): void {
    this.calls++;
    if (this.#fault?.atCall === this.calls) throw systemError(this.#fault.code, 'a fault of the test');
  }

  #successor(): MemoryDisk {
    this.#dead = true;
    const next = new MemoryDisk({ random: this.#random, links: this.#hasLinks });
    next.#inodes = this.#inodes;
    return next;
  }

  #survivor(inode: Inode): Inode {
    let content: Buffer = Buffer.from(inode.durable);
    for (const { position, bytes } of this.#random.shuffle(inode.unsafe)) {
      if (this.#random.chance(0.3)) continue;
      const length = this.#random.chance(0.3) ? this.#random.int(0, bytes.length) : bytes.length;
      content = written(content, position, bytes.subarray(0, length));
    }
    return this.#inode(content);
  }

  #inode(content: Buffer): Inode {
    return {
      number: ++this.#inodes,
      content,
      durable: Buffer.from(content),
      unsafe: [],
      links: 0,
      version: 0,
    };
  }

  #find(path: string): Inode {
    const entry = this.#names.get(path);
    if (entry === undefined) throw systemError('ENOENT', path);
    if (entry === 'link') throw systemError('ELOOP', path);
    if (entry === 'folder') throw systemError('EISDIR', path);
    return entry;
  }

  #unlink(path: string): void {
    const entry = this.#names.get(path);
    if (entry === undefined) return;
    if (typeof entry !== 'string') entry.links--;
    this.#changeNames((names) => names.delete(path));
  }

  #renameFolder(from: string, to: string): void {
    const there = this.#names.get(to);
    if (there !== undefined && there !== 'folder') throw systemError('ENOTDIR', to);
    if (this.names(to).length > 0) throw systemError('ENOTEMPTY', to);
    this.#requireFolder(to);
    this.#changeNames((names) => {
      for (const [path, entry] of [...names]) {
        if (path !== from && !path.startsWith(`${from}/`)) continue;
        names.delete(path);
        names.set(to + path.slice(from.length), entry);
      }
    });
  }

  #requireFolder(path: string): void {
    const folder = path.slice(0, path.lastIndexOf('/'));
    if (this.#names.get(folder) !== 'folder') throw systemError('ENOENT', path);
  }

  #changeNames(change: (names: Names) => void): void {
    change(this.#names);
    this.#nameChanges.push(change);
  }
}

class MemoryFile implements DiskFile {
  readonly #inode: Inode;
  readonly #disk: MemoryDisk;
  #closed = false;

  constructor(inode: Inode, disk: MemoryDisk) {
    this.#inode = inode;
    this.#disk = disk;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    this.#use();
    await this.#disk.turns();
    if (this.#closed) throw new Error('closed while a write was under way');
    const copy = Buffer.from(bytes);
    this.#inode.content = written(this.#inode.content, position, copy);
    this.#inode.unsafe.push({ position, bytes: copy });
    this.#inode.version = ++changes;
    this.#inode.modifiedMs = undefined;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    this.#use();
    await this.#disk.turns();
    if (this.#closed) throw new Error('closed while a read was under way');
    const bytes = this.#inode.content.subarray(position, position + into.length);
    into.set(bytes);
    return bytes.length;
  }

  setAttributes(attributes: FileAttributes): void {
    if (this.#closed) throw new Error('the file is closed');
    setAttributes(this.#inode, attributes);
  }

  async truncate(length: number): Promise<void> {
    this.#use();
    await this.#disk.turns();
    this.#inode.content = resized(this.#inode.content, length);
    // Simplified: a new length is durable at once.
    this.#inode.durable = resized(this.#inode.durable, length);
    this.#inode.unsafe = this.#inode.unsafe.map(({ position, bytes }) => ({
      position,
      bytes: bytes.subarray(0, Math.max(0, length - position)),
    }));
  }

  async datasync(): Promise<boolean> {
    this.#use();
    // Only writes completed before the start of the sync are durable at its end.
    const done = this.#inode.unsafe.length;
    await this.#disk.turns();
    for (const { position, bytes } of this.#inode.unsafe.splice(0, done)) {
      this.#inode.durable = written(this.#inode.durable, position, bytes);
    }
    return true;
  }

  sync(): Promise<boolean> {
    return this.datasync();
  }

  state(): FileState {
    return stateOf(this.#inode);
  }

  links(): number {
    return this.#inode.links;
  }

  close(): void {
    this.#closed = true;
  }

  #use(): void {
    if (this.#closed) throw new Error('the file is closed');
    this.#disk.call();
  }
}

function resized(content: Buffer, length: number): Buffer {
  return Buffer.concat([content.subarray(0, length)], length);
}

/** Writes into the buffer, or into a longer copy of it. */
function written(content: Buffer, position: number, bytes: Buffer): Buffer {
  if (position + bytes.length <= content.length) {
    content.set(bytes, position);
    return content;
  }
  const longer = Buffer.alloc(position + bytes.length);
  content.copy(longer);
  longer.set(bytes, position);
  return longer;
}

function setAttributes(inode: Inode, { modifiedMs, executable }: FileAttributes): void {
  if (modifiedMs === undefined) return;
  inode.modifiedMs = modifiedMs;
  inode.executable = executable;
  inode.version = ++changes;
}

function stateOf({ number, content, version, modifiedMs, executable }: Inode): FileState {
  const atNs = 1_700_000_000_000_000_000n + BigInt(version);
  return fileState({
    mode: executable ? 0o744n : 0o644n,
    dev: 1n,
    ino: BigInt(number),
    size: BigInt(content.length),
    mtimeNs: modifiedMs === undefined ? atNs : BigInt(modifiedMs) * 1_000_000n,
    ctimeNs: atNs,
  });
}

function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
