import { crc32, deflateSync } from 'node:zlib';

const WIDTH = 640;
const HEIGHT = 400;
/** Colours of sky, sun and sea. */
const SCENES = [
  ['#f6c38b', '#fff1c9', '#2c5f73'],
  ['#8ec9ea', '#ffffff', '#1d7a8c'],
  ['#14233b', '#e9edf5', '#0a1a2c'],
  ['#bfe3ef', '#fff4bf', '#3aa6a0'],
] as const;

/** A picture of a sun above the sea, as PNG. @param scene - which of four */
export function picture(scene: number): Buffer {
  const [sky, sun, sea] = (SCENES[scene % SCENES.length] ?? SCENES[0]).map(rgb);
  const rows = Buffer.alloc((WIDTH * 3 + 1) * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const isSun = (x - WIDTH * 0.68) ** 2 + (y - HEIGHT * 0.32) ** 2 < 55 ** 2;
      const isSea = y > HEIGHT * 0.6 + 6 * Math.sin(x / 38);
      const colour = isSea ? sea : isSun ? sun : sky;
      const shade = isSea ? 1 - (y / HEIGHT - 0.6) * 0.6 : 0.86 + (y / HEIGHT) * 0.2;
      const at = y * (WIDTH * 3 + 1) + 1 + x * 3;
      for (let part = 0; part < 3; part++) rows[at + part] = Math.min(255, (colour?.[part] ?? 0) * shade);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header.set([8, 2], 8); // 8 bits, RGB.
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

function rgb(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}
