import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileState } from '../../Peer/Files/Disk/FileState.ts';
import { decodeRecord, encodeRecord, hashesOf } from '../../Peer/Files/Hashing/HashRecord.ts';
import { RecordFile } from '../../Peer/Files/Hashing/RecordFile.ts';
import { fileIdOf, hashBytes } from '../../Protocol/FileId.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import { someBytes, type TestLan } from './TestLan.ts';
import { eventually, type TestPeer } from './TestPeer.ts';

/** Recorded states of earlier versions, a folder each: the files of a killed peer. */
export const RECORDS = fileURLToPath(new URL('../Golden/Upgrade/', import.meta.url));

const MIB = 1_048_576;
/** Files that the peer was fetching: one of many chunks, and a folder with large and small files. */
export const WANTED: Readonly<Record<string, Buffer>> = {
  'film.bin': someBytes(31, 8 * MIB),
  'Holiday/a.bin': someBytes(32, 2 * MIB),
  'Holiday/b.bin': someBytes(33, 2 * MIB),
  'Holiday/notes.txt': someBytes(34, 2_000),
};
/** Files that it shared, as of the record. Later content of equal size reveals a cached hash. */
export const SHARED: Readonly<Record<string, string>> = { 'mine.txt': 'of my own', 'Class/ü.txt': 'two' };
/** State that belongs to one run or one place, not to the peer. */
const PASSING = /^(?:lock-\d+|share\.json)$/;

/** Starts a peer, kills it during downloads, and copies its files to a folder of small files. */
export async function recordState(lan: TestLan, into: string): Promise<void> {
  const anna = await lan.seeder('anna', { files: WANTED, args: ['--upload-limit', '1M'] });
  const berta = await lan.seeder('berta', { files: SHARED, args: ['--accept', 'ask'] });
  await anna.items('download mine.txt');
  const state = await stateOf(berta.program.home);
  await eventually('the upload is history', async () => (await readdir(state)).includes('history.json'));
  await berta.items('download film.bin --no-wait');
  await berta.items('download Holiday/ --no-wait');
  await eventually('both have chunks', async (note) => {
    const downloads = await berta.items('downloads');
    note(JSON.stringify(downloads.map(({ bytes }) => bytes)));
    const isAmid = downloads.every(({ bytes, state: now }) => bytes >= MIB && now !== 'done');
    return downloads.length === 2 && isAmid;
  });
  await berta.program.kill('SIGKILL');
  await mkdir(join(into, 'state'), { recursive: true });
  for (const name of await readdir(state))
    if (!PASSING.test(name)) await writeFile(join(into, 'state', name), await readFile(join(state, name)));
  await mkdir(join(into, 'Temp'), { recursive: true });
  for (const path of await berta.files())
    if (/^Temp\/.*\.(?:journal|folder)$/.test(path))
      await writeFile(join(into, `${path}.hex`), hexLines(await berta.read(path)));
  await writeFile(join(into, 'files.txt'), `${(await berta.files()).join('\n')}\n`);
  await writeFile(join(into, 'hashes.txt'), await generalized(await cacheOf(berta.program.home)));
}

/** Replaces the state of an ended peer by a recorded one. */
export async function restoreState(from: string, peer: TestPeer): Promise<void> {
  const state = await stateOf(peer.program.home);
  for (const name of await readdir(join(from, 'state')))
    await writeFile(join(state, name), await readFile(join(from, 'state', name)));
  const contents = new Map(Object.values(WANTED).map((bytes) => [idOf(bytes), bytes]));
  for (const path of (await readFile(join(from, 'files.txt'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')) {
    const part = /^Temp\/([0-9a-f]{64})\.part$/.exec(path)?.[1];
    const installed = Object.entries(WANTED).find(
      ([name]) => path === name.replace('Holiday/', 'Holiday (incomplete)/'),
    );
    const hex = await readFile(join(from, `${path}.hex`), 'latin1').catch(() => undefined);
    if (hex !== undefined) await peer.share.write(path, Buffer.from(hex.replace(/\s/g, ''), 'hex'));
    else if (part !== undefined) await peer.share.write(path, contents.get(part) ?? '');
    else if (installed !== undefined) await peer.share.write(path, installed[1]);
  }
  for (const [path, text] of Object.entries(SHARED))
    await peer.share.write(path, 'x'.repeat(Buffer.byteLength(text)));
  const lines = (await readFile(join(from, 'hashes.txt'), 'utf8')).split('\n').filter((line) => line !== '');
  const cache = await cacheOf(peer.program.home);
  await rm(cache);
  if (lines[0]?.startsWith('v3 ')) await writeFile(cache, await recordsOf(lines, peer));
  else await writeFile(cache.replace('hashes-v3-', 'hashes-v2-'), await localized(lines, peer));
}

function idOf(bytes: Buffer): string {
  const chunks = Array.from({ length: Math.ceil(bytes.length / MIB) }, (_, n) =>
    hashBytes(bytes.subarray(n * MIB, (n + 1) * MIB)),
  );
  return fileIdOf(bytes.length, chunks);
}

async function stateOf(home: string): Promise<string> {
  const shares = join(home, '.local/state/shoal/shares');
  const [only] = await readdir(shares);
  return join(shares, only ?? '');
}

async function cacheOf(home: string): Promise<string> {
  const cache = join(home, '.cache/shoal');
  const name = (await readdir(cache)).find((each) => each.startsWith('hashes-'));
  return join(cache, name ?? '');
}

/** The records of shared files, a line each: `v3`, FileId, chunk hashes and path. The state is that of any disk. */
async function generalized(cache: string): Promise<string> {
  const lines: string[] = [];
  const file = await RecordFile.open(cache, 'read');
  for await (const { records } of file.records())
    for (const { record } of records) {
      const decoded = decodeRecord(record);
      if ('from' in decoded || decoded.file === undefined || SHARED[decoded.path] === undefined) continue;
      const hashes = hashesOf(record)?.toString('hex');
      lines.push(`v3 ${decoded.file.fileId} ${hashes} "${decoded.path}"`);
    }
  await file.close();
  return `${lines.sort().join('\n')}\n`;
}

/** The binary cache of such lines, with the states of the files of a peer. */
async function recordsOf(lines: readonly string[], peer: TestPeer): Promise<Buffer> {
  const records = lines.map(async (line) => {
    const [, fileId = '', hashes = '', path = ''] = /^v3 (\S+) (\S+) "(.*)"$/.exec(line) ?? [];
    const state = fileState(await lstat(peer.share.at(path), { bigint: true }));
    return encodeRecord(path, { file: { state, fileId: fileId as FileId }, hashes });
  });
  return Buffer.concat(await Promise.all(records));
}

/** The text cache of version 0.1, with the states of the files of a peer, and with checksums. */
async function localized(template: readonly string[], peer: TestPeer): Promise<string> {
  const lines: string[] = [];
  for (const line of template) {
    let text = line;
    for (const [name, value] of await statNames(peer, /"(.*)"$/.exec(line)?.[1] ?? ''))
      text = text.replaceAll(` ${name} `, ` ${value} `);
    lines.push(`${hashBytes(Buffer.from(text)).slice(0, 16)} ${text}\n`);
  }
  return lines.join('');
}

/** Fields of a cache record that differ from disk to disk. */
async function statNames(peer: TestPeer, path: string): Promise<readonly (readonly [string, string])[]> {
  const { dev, ino, size, mtimeNs, ctimeNs, mtimeMs } = await lstat(peer.share.at(path), { bigint: true });
  return [
    ['<inode.size.mtimeNs>', `${ino}.${size}.${mtimeNs}`],
    ['<ctimeNs>', `${ctimeNs}`],
    ['<mtimeMs> <device>', `${mtimeMs} ${dev}`],
  ];
}

function hexLines(bytes: Buffer): string {
  return `${bytes.toString('hex').replace(/.{120}/g, '$&\n')}\n`;
}
