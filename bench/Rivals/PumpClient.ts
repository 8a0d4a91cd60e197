import { fstatSync, openSync, read, write } from 'node:fs';
import { connect, createServer } from 'node:net';
import { createBlake3 } from '../../Protocol/Blake3.ts';

// The limit of a Node program, without requests, frames or resume: bytes of files through sockets into a file, hashed.
//
//   give (<port> <path> <from> <to>) …          sends these bytes of a file to each client of the port
//   take <path> now|told (<port> <from> <to>) … fetches these bytes into a new file, with `told` at the first input after
//                                               "ready". Prints its CPU seconds since then, and ends.
const PIECE_BYTES = 1_048_576;
const READ_AHEAD = 3;
const WRITES_MAX = 16;

const [role = '', ...args] = process.argv.slice(2);
if (role === 'give') give(args);
else take(args);

function give(args: readonly string[]): void {
  for (let at = 0; at < args.length; at += 4) {
    const [port = '', path = '', from = '', to = ''] = args.slice(at, at + 4);
    const fd = openSync(path, 'r');
    serve(fd, Number(port), Number(from), Math.min(Number(to), fstatSync(fd).size));
  }
}

function serve(fd: number, port: number, from: number, to: number): void {
  const server = createServer({ noDelay: true }, (socket) => {
    const spare: Buffer[] = [];
    let at = from;
    let out = 0;
    let reading = false;
    const next = () => {
      if (reading || out === READ_AHEAD || at === to) return;
      reading = true;
      out++;
      const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
      read(fd, buffer, 0, Math.min(PIECE_BYTES, to - at), at, (failure, count) => {
        reading = false;
        if (failure !== null) return void socket.destroy();
        at += count;
        socket.write(buffer.subarray(0, count), () => {
          out--;
          spare.push(buffer);
          next();
        });
        next();
      });
    };
    socket.on('error', () => socket.destroy());
    next();
  });
  server.listen(port, '127.0.0.1');
}

function take([path = '', when = '', ...parts]: readonly string[]): void {
  const fd = openSync(path, 'wx');
  const begin = () => {
    const before = process.cpuUsage();
    let left = 0;
    for (let at = 0; at < parts.length; at += 3) {
      const [port, from, to] = parts.slice(at, at + 3).map(Number);
      left++;
      fetch(fd, port ?? 0, from ?? 0, to ?? 0, () => {
        if (--left > 0) return;
        const { user, system } = process.cpuUsage(before);
        console.log((user + system) / 1e6);
        if (when === 'told') process.stdin.destroy();
      });
    }
  };
  if (when === 'now') begin();
  else {
    process.stdin.once('data', begin);
    console.log('ready');
  }
}

/** Fetches the bytes from `from` to `to` to their place in the file. */
function fetch(fd: number, port: number, from: number, to: number, done: () => void): void {
  const hasher = createBlake3();
  const spare: Buffer<ArrayBuffer>[] = [];
  let region = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let filled = 0;
  let received = from;
  let written = from;
  let writing = 0;
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: () => region.subarray(filled),
      callback: (count) => {
        filled += count;
        received += count;
        if (filled < PIECE_BYTES && received < to) return true;
        place(region, filled, received - filled);
        region = spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
        filled = 0;
        return writing < WRITES_MAX;
      },
    },
  });
  socket.on('error', (error) => {
    throw error;
  });

  function place(whole: Buffer<ArrayBuffer>, length: number, position: number): void {
    writing++;
    write(fd, whole, 0, length, position, (failure) => {
      if (failure !== null) throw failure;
      spare.push(whole);
      if (writing-- === WRITES_MAX) socket.resume();
      written += length;
      if (written < to) return;
      hasher.digest();
      socket.destroy();
      done();
    });
    hasher.update(whole.subarray(0, length));
  }
}
