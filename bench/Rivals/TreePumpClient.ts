import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parentPort, Worker } from 'node:worker_threads';
import { blake3Of } from '../../Protocol/Blake3.ts';

// The limit of a Node program with many small files, without listing, plan, requests or catalog: batches through a
// socket, hashed and written on arrival. A batch: its length, then for each file the lengths of path and content, and both.
const BATCH_FILES = 128;
const BUFFER_BYTES = 1_048_576;
const BUFFERS = 3;
/** Batches that may be pending for the writer. */
const WAITING_MAX = 16;
const LENGTH_BYTES = 4;
const HEADER_BYTES = 6;

const [role = '', folder = '', port = '', files = ''] = process.argv.slice(2);
if (parentPort !== null) writeAll();
else if (role === 'give') give(folder, Number(port));
else await take(folder, Number(port), Number(files));

/** Sends the tree to each client. */
function give(root: string, port: number): void {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => send(root, paths, socket));
  });
  server.listen(port, '127.0.0.1');
}

function send(root: string, paths: readonly string[], socket: Socket): void {
  const spare = Array.from({ length: BUFFERS }, () => Buffer.allocUnsafeSlow(BUFFER_BYTES));
  let at = 0;
  const next = () => {
    const buffer = at < paths.length ? spare.pop() : undefined;
    if (buffer === undefined) return;
    const batch = paths.slice(at, at + BATCH_FILES);
    at += batch.length;
    const length = readBatch(root, batch, buffer);
    socket.write(buffer.subarray(0, length), () => {
      spare.push(buffer);
      next();
    });
    setImmediate(next);
  };
  next();
}

/** Opens, stats, reads and closes each file. @returns the length of the batch */
function readBatch(root: string, paths: readonly string[], into: Buffer): number {
  let at = LENGTH_BYTES;
  for (const path of paths) {
    const bytesAt = at + HEADER_BYTES + into.write(path, at + HEADER_BYTES);
    const fd = openSync(`${root}/${path}`, 'r');
    const size = readSync(fd, into, bytesAt, into.length - bytesAt, 0);
    if (fstatSync(fd, { bigint: true }).size !== BigInt(size)) throw new Error('too large for a batch');
    closeSync(fd);
    into.writeUInt16BE(bytesAt - at - HEADER_BYTES, at);
    into.writeUInt32BE(size, at + 2);
    at = bytesAt + size;
  }
  into.writeUInt32BE(at, 0);
  return at;
}

/** Prints "ready"; at an input fetches `count` files into a new folder, and prints "done" when they are written. */
async function take(root: string, port: number, count: number): Promise<void> {
  const writer = new Worker(fileURLToPath(import.meta.url), { argv: ['write', root] });
  const spare: Buffer<ArrayBuffer>[] = [];
  let buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let filled = 0;
  let left = count;
  let waiting = 0;
  const cut = () => {
    while (filled >= LENGTH_BYTES && filled >= buffer.readUInt32BE(0)) {
      const length = buffer.readUInt32BE(0);
      const batch = buffer;
      buffer = spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
      batch.copy(buffer, 0, length, filled);
      filled -= length;
      for (const { bytes } of filesIn(batch, length)) blake3Of(bytes);
      writer.postMessage({ memory: batch.buffer, length }, [batch.buffer]);
      waiting++;
    }
    return waiting < WAITING_MAX;
  };
  await new Promise((resolve) => writer.once('online', resolve));
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: () => buffer.subarray(filled),
      callback: (bytes) => {
        filled += bytes;
        return cut();
      },
    },
  });
  socket.on('error', (error) => {
    throw error;
  });
  writer.on('message', ({ memory, written }: { memory: ArrayBuffer; written: number }) => {
    spare.push(Buffer.from(memory));
    if (waiting-- === WAITING_MAX) socket.resume();
    left -= written;
    if (left === 0) console.log('done');
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  process.stdin.once('data', () => socket.write('go'));
  console.log('ready');
}

/** The writer thread: creates, writes, stats and closes each file of a batch, and returns the memory. */
function writeAll(): void {
  const folders = new Set<string>();
  parentPort?.on('message', ({ memory, length }: { memory: ArrayBuffer; length: number }) => {
    let written = 0;
    for (const { path, bytes } of filesIn(Buffer.from(memory), length)) {
      const to = `${folder}/${path}`;
      const parent = dirname(to);
      if (!folders.has(parent)) mkdirSync(parent, { recursive: true });
      folders.add(parent);
      const fd = openSync(to, 'wx');
      writeSync(fd, bytes);
      fstatSync(fd, { bigint: true });
      closeSync(fd);
      written++;
    }
    parentPort?.postMessage({ memory, written }, [memory]);
  });
}

/** The files of a batch. */
function filesIn(batch: Buffer, length: number): { readonly path: string; readonly bytes: Buffer }[] {
  const found: { readonly path: string; readonly bytes: Buffer }[] = [];
  for (let at = LENGTH_BYTES; at < length; ) {
    const pathAt = at + HEADER_BYTES;
    const bytesAt = pathAt + batch.readUInt16BE(at);
    const end = bytesAt + batch.readUInt32BE(at + 2);
    found.push({ path: batch.toString('utf8', pathAt, bytesAt), bytes: batch.subarray(bytesAt, end) });
    at = end;
  }
  return found;
}
