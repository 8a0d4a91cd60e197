import fc from 'fast-check';
import { expect, test } from 'vitest';
import { address } from '../../Protocol/AddressCodec.ts';
import { ByteReader, ByteWriter } from '../../Protocol/Codec.ts';
import { anyAddress } from './arbitraries.ts';

function encode(host: string, port = 9_001): string {
  const out = new ByteWriter();
  address.write(out, { host, port });
  return out.finish().toString('hex');
}

function decode(hex: string) {
  return address.read(new ByteReader(Buffer.from(hex, 'hex')));
}

test.each([
  ['192.168.1.20', '04c0a801142329'],
  ['0.0.0.0', '04000000002329'],
  ['::', `06${'00'.repeat(16)}2329`],
  ['::1', `06${'00'.repeat(15)}012329`],
  ['2001:db8::7', '0620010db80000000000000000000000072329'],
  ['fe80::', `06fe80${'00'.repeat(14)}2329`],
  ['1:0:0:2::3', '0600010000000000020000000000000003' + '2329'],
  ['2001:db8:1:2:3:4:5:6', '0620010db80001000200030004000500062329'],
])('%s', (host, hex) => {
  expect(encode(host)).toBe(hex);
  expect(decode(hex)).toEqual({ host, port: 9_001 });
});

test('an IPv4-mapped IPv6 address is decoded as the IPv4 address', () => {
  const mapped = `06${'00'.repeat(10)}ffffc0a801142329`;
  expect(encode('::ffff:192.168.1.20')).toBe(mapped);
  expect(decode(mapped)).toEqual({ host: '192.168.1.20', port: 9_001 });
});

test('a zone id is not sent', () => {
  expect(decode(encode('fe80::1%eth0'))).toEqual({ host: 'fe80::1', port: 9_001 });
});

test('any address is decoded to the encoded text', () => {
  fc.assert(
    fc.property(anyAddress, ({ host, port }) => {
      expect(decode(encode(host, port))).toEqual({ host, port });
    }),
    { numRuns: 1_000 },
  );
});

test('equal addresses in any spelling are decoded to equal text', () => {
  for (const host of ['2001:0DB8:0:0:0:0:0:7', '2001:db8::0007', '2001:db8:0::0:7']) {
    expect(decode(encode(host)).host).toBe('2001:db8::7');
  }
});

test('a host name and an unknown family are refused', () => {
  expect(() => encode('localhost')).toThrow(RangeError);
  for (const hex of [
    `05${'00'.repeat(18)}`,
    '05c0a801142329',
    '00',
    '04c0a801',
    '',
    `06${'00'.repeat(17)}`,
  ]) {
    expect(() => decode(hex)).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
  }
});
