import { closeSync, openSync, writeSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { stateOfOpen } from '../../../../Peer/Files/Disk/OpenShared.ts';
import { ChunkProofs } from '../../../../Peer/Files/Serving/ChunkProofs.ts';
import { hashBytes } from '../../../../Protocol/FileId.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';

const TEXT = Buffer.from('text');
const CHECK = { position: 0, bytes: TEXT.length, hash: hashBytes(TEXT) };
/** No file: a chunk that has to be read rejects. */
const CLOSED = -1;

async function openFile() {
  const folder = await TempFolder.forTest();
  const fd = openSync(await folder.write('a', TEXT), 'r+');
  onTestFinished(() => closeSync(fd));
  return { fd, state: stateOfOpen(fd) };
}

test('a chunk is read once per state of its file', async () => {
  const { fd, state } = await openFile();
  const proofs = new ChunkProofs();
  expect(await proofs.holds('a', fd, state, CHECK)).toBe(true);
  expect(await proofs.holds('a', CLOSED, state, CHECK)).toBe(true);
  const later = { ...state, ctimeNs: state.ctimeNs + 1n };
  await expect(proofs.holds('a', CLOSED, later, CHECK)).rejects.toThrow();
  await expect(proofs.holds('a', CLOSED, state, { ...CHECK, position: 4 })).rejects.toThrow();
});

test('other bytes, or a file that changes meanwhile, prove nothing', async () => {
  const { fd, state } = await openFile();
  const proofs = new ChunkProofs();
  expect(await proofs.holds('a', fd, state, { ...CHECK, hash: hashBytes(Buffer.from('else')) })).toBe(false);
  writeSync(fd, 'text, longer', 0);
  expect(await proofs.holds('a', fd, state, CHECK)).toBe(false);
  await expect(proofs.holds('a', CLOSED, state, CHECK)).rejects.toThrow();
});

test('the proofs of 64 files are kept, and those of the oldest file evicted', async () => {
  const { fd, state } = await openFile();
  const proofs = new ChunkProofs();
  for (let number = 0; number < 65; number++) await proofs.holds(`${number}`, fd, state, CHECK);
  expect(await proofs.holds('1', CLOSED, state, CHECK)).toBe(true);
  await expect(proofs.holds('0', CLOSED, state, CHECK)).rejects.toThrow();
});
