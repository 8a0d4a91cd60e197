import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import type { FileId } from '../../Protocol/Ids.ts';

/** DER form (PKCS 8) of an Ed25519 private key before its 32 bytes (RFC 8410). */
const PKCS8_PREFIX = '302e020100300506032b657004220420';
const WORDS = 20_000;
const EXTENSIONS = ['mp3', 'mkv', 'pdf', 'flac', 'jpg', 'zip', 'txt', 'iso'];
const words = Array.from({ length: WORDS }, (_, at) => {
  const letters = digest(`word ${at}`).replace(/[0-9]/g, '');
  return letters.slice(0, 3 + (at % 7)).padEnd(2, 'x');
});

/**
 * File number `at` of a peer: two words of a folder, two of the name, a number. Word frequencies are skewed, as in
 * real names.
 */
export function nameOf(peer: number, at: number): string {
  const random = chance(peer * 1_000 + at);
  const word = () => words[Math.floor(random() ** 2 * WORDS)];
  const number = Math.floor(random() * 9_999);
  return `${word()} ${word()}/${word()} - ${word()} ${number}.${EXTENSIONS[Math.floor(random() * 8)]}`;
}

/** Private key of a peer, Ed25519. */
export function keyOf(peer: number): KeyObject {
  const key = Buffer.from(PKCS8_PREFIX + digest(`peer ${peer}`), 'hex');
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

export function fileIdOf(name: string): FileId {
  return digest(name) as FileId;
}

/** Address of a peer in 127.0.0.0/8, which Linux accepts completely. */
export function hostOf(peer: number): string {
  return `127.${1 + (peer >> 16)}.${(peer >> 8) & 255}.${peer & 255}`;
}

/**
 * Typical searches: mostly two words of a name; also a whole name, one word, the start of a word, rarely a very
 * common word.
 */
export function queries(count: number, peers: number, names: number): string[] {
  const random = chance(4_711);
  const pick = (limit: number) => Math.floor(random() * limit);
  return Array.from({ length: count }, (_, at) => {
    const [, name = ''] = nameOf(pick(peers), pick(names)).split('/');
    const [first = '', , second = ''] = name.split(' ');
    switch (at % 20) {
      case 0:
        return EXTENSIONS[pick(8)] ?? '';
      case 1:
      case 2:
        return first.slice(0, 2);
      case 3:
      case 4:
      case 5:
        return first;
      case 6:
      case 7:
        return name;
      default:
        return `${first} ${second}`;
    }
  });
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
