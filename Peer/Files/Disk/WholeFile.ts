import { closeSync, constants, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { systemCode } from '../../../Shared/ShoalError.ts';
import type { FileAttributes } from '../../Model.ts';
import { setAttributesOfNew } from './Attributes.ts';
import { type FileState, fileState } from './FileState.ts';

/** The part of the disk that the thread needs which writes small files: it starts with each download. */

/** Flags to open a file that must not exist yet. */
export const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** See Disk.createWhole. */
export function createWhole(path: string, bytes: Uint8Array, attributes: FileAttributes = {}): FileState {
  const fd = openSync(path, CREATE);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
    setAttributesOfNew(fd, attributes);
    return fileState(fstatSync(fd, { bigint: true }));
  } finally {
    closeSync(fd);
  }
}

/** See Disk.remove. */
export function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (failure) {
    if (systemCode(failure) !== 'ENOENT') throw failure;
  }
}
