import { createHash } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';

/** A common size for files of this length; clients expect a power of two. */
const PIECE_BYTES = 2 * 1_048_576;

/** Writes the `.torrent` (BEP 3) of one file. */
export async function writeTorrent(
  path: string,
  file: { name: string; path: string; bytes: number },
  announce: string,
): Promise<void> {
  const pieces: Buffer[] = [];
  const source = await open(file.path);
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    for (let at = 0; at < file.bytes; at += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, file.bytes - at);
      for (let filled = 0; filled < length; ) {
        filled += (await source.read(buffer, filled, length - filled, at + filled)).bytesRead;
      }
      pieces.push(createHash('sha1').update(buffer.subarray(0, length)).digest());
    }
  } finally {
    await source.close();
  }
  const info = {
    length: file.bytes,
    name: file.name,
    'piece length': PIECE_BYTES,
    pieces: Buffer.concat(pieces),
  };
  await writeFile(path, bencode({ announce, info }));
}

/** Starts a tracker that answers every announce with the same peers of loopback. */
export async function fixedTracker(ports: readonly number[]): Promise<{ url: string; close(): void }> {
  const peers = Buffer.concat(ports.map((port) => Buffer.from([127, 0, 0, 1, port >> 8, port & 255])));
  const server = createServer((_, response) => response.end(bencode({ interval: 1_800, peers })));
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return {
    url: `http://127.0.0.1:${port}/announce`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

type Bencoded = number | string | Buffer | { readonly [key: string]: Bencoded };

/** Encodes a value (BEP 3). Keys are sorted by their bytes. */
function bencode(value: Bencoded): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`);
  if (typeof value === 'string') return bencode(Buffer.from(value));
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`${value.length}:`), value]);
  const entries = Object.keys(value).toSorted();
  const parts = entries.map((key) => Buffer.concat([bencode(key), bencode(value[key] ?? '')]));
  return Buffer.concat([Buffer.from('d'), ...parts, Buffer.from('e')]);
}
