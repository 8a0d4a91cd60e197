import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { systemCode } from '../../../Shared/ShoalError.ts';

/** An LMDB file begins with two meta pages. Offsets within each, as written by lmdb-js 3.5 on 64-bit machines. */
const MAGIC = 0xbeef_c0de;
const MAGIC_AT = 24;
const PAGE_BYTES_AT = 48;
const LAST_PAGE_AT = 144;
/** Trailing pages may be allocated but never written: a file shorter by this much is intact. */
const SLACK_PAGES = 64;

/**
 * Checks the length of an LMDB file against its meta pages. LMDB maps the file into memory: touching a missing
 * page of
 * a truncated file kills the process instead of throwing. A missing file is fine.
 * @throws Error when the file must not be opened
 */
export function checkLmdbFile(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (failure) {
    if (systemCode(failure) === 'ENOENT') return;
    throw failure;
  }
  try {
    const { size } = fstatSync(fd);
    if (size === 0) return;
    const first = readMeta(fd, 0);
    const second = first && readMeta(fd, first.bytesPerPage);
    if (first === undefined || second === undefined) throw new Error('not a database');
    // The two meta pages are written alternately: the one with the larger page count is current.
    const pages = Math.max(first.lastPage, second.lastPage) + 1 - SLACK_PAGES;
    const expected = pages * first.bytesPerPage;
    if (expected > size) throw new Error(`truncated: ${expected} bytes expected, ${size} present`);
  } finally {
    closeSync(fd);
  }
}

function readMeta(fd: number, at: number): { bytesPerPage: number; lastPage: number } | undefined {
  const head = Buffer.alloc(LAST_PAGE_AT + 8);
  if (readSync(fd, head, 0, head.length, at) < head.length || head.readUInt32LE(MAGIC_AT) !== MAGIC)
    return undefined;
  return {
    bytesPerPage: head.readUInt32LE(PAGE_BYTES_AT),
    lastPage: Number(head.readBigUInt64LE(LAST_PAGE_AT)),
  };
}
