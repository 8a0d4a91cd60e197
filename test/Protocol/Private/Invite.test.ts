import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase32, toBase32 } from '../../../Protocol/Base32.ts';
import { formatInvite, type Invite, parseInvite, readNetworkName } from '../../../Protocol/Private/Invite.ts';

const LAB: Invite = { name: 'lab 3', secret: Uint8Array.from({ length: 16 }, (_, index) => index) };
// Made with Python's base64 and hashlib.
const TEXT = 'shoal:join/aeaacaqdaqcqmbyibefawdanbyhwyylceaz75hh63q';

const anyInvite = fc.record({
  name: fc
    .string({ minLength: 1, maxLength: 8, unit: 'grapheme' })
    .filter((name) => name.trim() === name && Buffer.byteLength(name) <= 32)
    .filter((name) => {
      try {
        return readNetworkName(name) === name;
      } catch {
        return false;
      }
    }),
  secret: fc.uint8Array({ minLength: 16, maxLength: 16 }),
});

test('golden text', () => {
  expect(formatInvite(LAB)).toBe(TEXT);
  expect(parseInvite(TEXT)).toEqual(LAB);
});

test('every invite is decoded to its fields, also in capitals and wrapped by a mail program', () => {
  fc.assert(
    fc.property(anyInvite, (invite) => {
      const text = formatInvite(invite);
      expect(parseInvite(text)).toEqual(invite);
      expect(parseInvite(` ${text.toUpperCase().replace(/(.{20})/g, '$1\r\n  ')} `)).toEqual(invite);
    }),
  );
});

test('an invite with a wrong, a missing or an additional character is refused, and not repeated in the error', () => {
  const code = TEXT.slice('shoal:join/'.length);
  for (let at = 0; at < code.length; at++) {
    const wrong = code[at] === 'a' ? 'b' : 'a';
    for (const other of [wrong, '', `${code[at]}${wrong}`, '!']) {
      const text = `shoal:join/${code.slice(0, at)}${other}${code.slice(at + 1)}`;
      expect(() => parseInvite(text), text).toThrow(/incomplete or has a wrong character/);
    }
  }
});

test.each([
  ['', /it is empty/],
  ['lab 3', /not an invite: lab3/],
  ['shoal:join', /not an invite: shoal:join/],
  ['shoal:join/', /incomplete/],
  [`shoal:join/${'a'.repeat(100_000)}`, /incomplete/],
  ['https://example.org/secret-of-somebody', /not an invite: https:\/\/exa…/],
])('%j is no invite', (text, message) => {
  expect(() => parseInvite(text)).toThrow(message);
});

test('an invite of a later version is named as such', () => {
  const bytes = fromBase32(TEXT.slice('shoal:join/'.length)) ?? Buffer.alloc(0);
  bytes[0] = 2;
  // Its check bytes do not match: damage is reported first.
  expect(() => parseInvite(`shoal:join/${toBase32(bytes)}`)).toThrow(/incomplete/);
  expect(() => parseInvite('shoal:join/aiaacaqdaqcqmbyibefawdanbyhwyylceaz3ht7ih4')).toThrow(/newer Shoal/);
});

test.each(['', '   ', 'x'.repeat(33), 'é'.repeat(17), 'a\u001b[2Jb', 'a\nb'])(
  '%j names no network',
  (name) => {
    expect(() => readNetworkName(name)).toThrow(/1 to 32 bytes/);
  },
);

test('base32 decodes to the encoded bytes, and refuses text of no bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromBase32(toBase32(bytes))).toEqual(Buffer.from(bytes));
    }),
  );
  expect(toBase32(Buffer.from('foobar'))).toBe('MZXW6YTBOI'); // RFC 4648, section 10
  for (const text of ['A', 'AB', 'MZXW6YTB1', 'MZXW6YTBOJ', 'ABC']) expect(fromBase32(text)).toBeUndefined();
});
