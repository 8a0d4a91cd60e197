import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { isShortPeerId, namesPeer, type PeerId, shortPeerId } from '../../Protocol/Ids.ts';

const idOf = (text: string) => createHash('sha256').update(text).digest('hex') as PeerId;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

test('a short peer id is three groups of the first 55 bits, and a check digit', () => {
  expect(shortPeerId('0'.repeat(64) as PeerId)).toBe('AAAA-AAAA-AAAA');
  expect(shortPeerId('f'.repeat(64) as PeerId)).toMatch(/^7777-7777-777[A-Z2-7]$/);
  expect(shortPeerId(`08${'0'.repeat(62)}` as PeerId)).toMatch(/^BAAA-AAAA-AAA[A-Z2-7]$/);
  // The example of docs/reference/protocol.md.
  expect(['7H4K-2QXR-M3PB', '7H4K-2QXR-M3PA'].map(isShortPeerId)).toEqual([true, false]);
});

test('a short id names its peer, however it is typed, and no other', () => {
  for (let number = 0; number < 200; number++) {
    const id = idOf(`${number}`);
    const short = shortPeerId(id);
    expect([isShortPeerId(short), namesPeer(short, id), namesPeer(short.toLowerCase(), id)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(namesPeer(short, idOf(`other ${number}`))).toBe(false);
  }
});

test('every wrong character and every swap of two neighbours is detected', () => {
  for (let number = 0; number < 20; number++) {
    const short = shortPeerId(idOf(`${number}`));
    const plain = short.replaceAll('-', '');
    for (let at = 0; at < plain.length; at++) {
      for (const letter of LETTERS) {
        const wrong = `${plain.slice(0, at)}${letter}${plain.slice(at + 1)}`;
        expect(isShortPeerId(`${wrong.slice(0, 4)}-${wrong.slice(4)}`), wrong).toBe(letter === plain[at]);
      }
      const [one, other] = [plain[at], plain[at + 1]];
      // Luhn's algorithm does not distinguish the first from the last letter here.
      if (other === undefined || one === other || new Set(`${one}${other}A7`).size === 2) continue;
      const swapped = `${plain.slice(0, at)}${other}${one}${plain.slice(at + 2)}`;
      expect(isShortPeerId(`${swapped.slice(0, 4)}-${swapped.slice(4)}`), swapped).toBe(false);
    }
  }
});

test('hex digits name a peer from four on; other texts do not', () => {
  const id = idOf('x');
  expect([namesPeer(id.slice(0, 4), id), namesPeer(id, id), namesPeer(id.slice(0, 3), id)]).toEqual([
    true,
    true,
    false,
  ]);
  expect([isShortPeerId('anna'), isShortPeerId('ABCDEFGH2345')]).toEqual([undefined, undefined]);
});
