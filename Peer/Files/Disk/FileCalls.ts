import { closeSync, fstatSync, futimesSync, openSync, readSync, writeSync } from 'node:fs';
import { timeSeconds } from './Attributes.ts';
import { type FileState, fileState, isInState } from './FileState.ts';

/** The system calls for a small file, which is opened for them alone. They block. @throws system errors */
export interface FileCalls {
  /** @param flags - of `fs.constants` @returns the descriptor, which is closed on exec */
  open(path: string, flags: number): number;
  /** @returns the number of bytes read */
  read(fd: number, into: Uint8Array, position: number): number;
  /** @returns the number of bytes written */
  write(fd: number, bytes: Uint8Array, position: number): number;
  /** Sets the modification time, in milliseconds since 1970; the file was accessed now. */
  setModified(fd: number, modifiedMs: number): void;
  state(fd: number): FileState;
  /** Whether `state` returns a state like this one. */
  isInState(fd: number, state: FileState): boolean;
  close(fd: number): void;
}

/** On every system. */
export const nodeFileCalls: FileCalls = {
  open: openSync,
  read: (fd, into, position) => readSync(fd, into, 0, into.length, position),
  write: (fd, bytes, position) => writeSync(fd, bytes, 0, bytes.length, position),
  setModified: (fd, modifiedMs) => futimesSync(fd, Date.now() / 1_000, timeSeconds(modifiedMs)),
  state: (fd) => fileState(fstatSync(fd, { bigint: true })),
  isInState: (fd, state) => isInState(fstatSync(fd, { bigint: true }), state),
  close: closeSync,
};
