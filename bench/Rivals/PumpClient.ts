import { fstatSync, openSync, read, write } from 'node:fs';
import { connect, createServer } from 'node:net';
import { createBlake3 } from '../../Protocol/Blake3.ts';

// What Node can do at best, without requests, frames, resume or any care: bytes of a file through a socket into a file, hashed.
const PIECE_BYTES = 1_048_576;
const READ_AHEAD = 3;
const WRITES_MAX = 16;

const [role = '', path = '', port = '', bytes = ''] = process.argv.slice(2);
if (role === 'give') give(path, Number(port));
else take(path, Number(port), Number(bytes));

/** Sends the whole file to whoever connects. */
function give(path: string, port: number): void {
  const fd = openSync(path, 'r');
  const { size } = fstatSync(fd);
  const server = createServer({ noDelay: true }, (socket) => {
    const spare: Buffer[] = [];
    let at = 0;
    let out = 0;
    let reading = false;
    const next = () => {
      if (reading || out === READ_AHEAD || at === size) return;
      reading = true;
      out++;
      const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
      read(fd, buffer, 0, Math.min(PIECE_BYTES, size - at), at, (failure, count) => {
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

/** Fetches so many bytes into a new file; the process ends when they are written. */
function take(path: string, port: number, size: number): void {
  const fd = openSync(path, 'wx');
  const hasher = createBlake3();
  const spare: Buffer<ArrayBuffer>[] = [];
  let region = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let filled = 0;
  let received = 0;
  let written = 0;
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
        if (filled < PIECE_BYTES && received < size) return true;
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
      if (written < size) return;
      console.log(hasher.digest());
      socket.destroy();
    });
    hasher.update(whole.subarray(0, length));
  }
}
