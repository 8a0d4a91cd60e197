import { isIPv4, isIPv6 } from 'node:net';
import { type Address, normalHost, withoutZone } from '../Shared/Network/Address.ts';
import { type ByteWriter, badFrame, type Codec, uint8, uint16 } from './Codec.ts';

/** Address family (1 byte: 4 or 6), address (4 or 16 bytes), port (2 bytes). */
export const address: Codec<Address> = {
  write: (out, value) => {
    if (isIPv4(value.host)) {
      uint8.write(out, 4);
      writeIpv4(out, value.host);
    } else {
      uint8.write(out, 6);
      const { bytes, at } = out.reserve(16);
      bytes.set(ipv6Bytes(value.host), at);
    }
    uint16.write(out, value.port);
  },
  read: (input) => {
    const family = uint8.read(input);
    if (family !== 4 && family !== 6) throw badFrame(`no address family ${family}`);
    const count = family === 4 ? 4 : 16;
    const at = input.take(count);
    const parts = input.bytes.subarray(at, at + count);
    const host = family === 4 ? parts.join('.') : normalHost(ipv6Text(parts));
    return { host, port: uint16.read(input) };
  },
};

/** Parses digit by digit, for speed: part of every answer to a heartbeat. */
function writeIpv4(out: ByteWriter, host: string): void {
  let part = 0;
  for (let at = 0; at < host.length; at++) {
    const digit = host.charCodeAt(at) - 48;
    if (digit >= 0) {
      part = part * 10 + digit;
      continue;
    }
    uint8.write(out, part);
    part = 0;
  }
  uint8.write(out, part);
}

function ipv6Bytes(host: string): number[] {
  const bare = withoutZone(host); // The zone is a name on this host only.
  if (!isIPv6(bare)) throw new RangeError(`"${host}" is not a numeric address`);
  const [head = '', tail] = bare.split('::');
  const words = (side: string) => (side === '' ? [] : side.split(':').flatMap(ipv6Words));
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const middle = new Array<number>(8 - front.length - back.length).fill(0);
  return [...front, ...middle, ...back].flatMap((word) => [word >> 8, word & 0xff]);
}

function ipv6Words(part: string): number[] {
  if (!part.includes('.')) return [Number.parseInt(part, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
  return [(a << 8) | b, (c << 8) | d];
}

function ipv6Text(bytes: Uint8Array): string {
  const words: string[] = [];
  for (let at = 0; at < 16; at += 2)
    words.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  const text = words.join(':');
  const mapped = /^0:0:0:0:0:ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(text);
  if (mapped !== null) return `::ffff:${[...bytes.subarray(12)].join('.')}`;
  // The longest run of zero words becomes "::" (RFC 5952), so that equal addresses have equal text.
  const runs = [...text.matchAll(/(?<=^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const [longest] = runs;
  if (longest === undefined) return text;
  const front = text.slice(0, longest.index).replace(/:$/, '');
  const back = text.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${front}::${back}`;
}
