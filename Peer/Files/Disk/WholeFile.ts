import { constants, unlinkSync } from 'node:fs';
import { systemCode } from '../../../Shared/ShoalError.ts';
import type { FileAttributes } from '../../Model.ts';
import { setAttributes } from './Attributes.ts';
import type { FileCalls } from './FileCalls.ts';
import type { FileState } from './FileState.ts';
import { fileCalls } from './LinuxFileCalls.ts';

/** The part of the disk that the thread needs which writes small files: it starts with each download. */

/** Flags to open a file that must not exist yet. */
export const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** See Disk.createWhole. */
export function createWhole(
  path: string,
  bytes: Uint8Array,
  attributes: FileAttributes = {},
  calls = fileCalls(),
): FileState {
  const fd = calls.open(path, CREATE);
  try {
    let written = bytes.length === 0 ? 0 : calls.write(fd, bytes, 0);
    while (written < bytes.length) written += calls.write(fd, bytes.subarray(written), written);
    setAttributesOfNew(calls, fd, attributes);
    return calls.state(fd);
  } finally {
    calls.close(fd);
  }
}

/** As `setAttributes`, with fewer system calls: no access time to keep, no bit to clear. */
function setAttributesOfNew(calls: FileCalls, fd: number, attributes: FileAttributes): void {
  const { modifiedMs, executable } = attributes;
  if (executable) setAttributes(fd, attributes);
  if (executable || modifiedMs === undefined) return;
  try {
    calls.setModified(fd, modifiedMs);
  } catch {
    // A download does not fail because of a time.
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
