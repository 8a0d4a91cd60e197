import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import { hostilePath, pick } from './Addresses.ts';
import { CLOSE, FILE, type Message, text } from './Messages.ts';

/** A request that would have an effect if it were allowed. */
export function changing(random: SeededRandom, headers: string, body: string): Message {
  const [method, path] = pick(random, [
    ['POST', 'downloads'],
    ['PATCH', 'downloads/1'],
    ['DELETE', 'downloads/1'],
    ['PUT', 'limits'],
    ['POST', 'pushes'],
    ['PATCH', 'offers/1'],
    ['POST', 'refresh'],
    ['POST', 'login'],
    ['POST', 'logout'],
    ['POST', 'links'],
    ['DELETE', 'links/1'],
  ]);
  const token = pick(random, [
    '',
    '',
    `Authorization: Bearer ${random.bytes(24).toString('base64url')}\r\n`,
    'Authorization: Bearer \r\n',
    'Authorization: Basic YTpi\r\n',
    'Cookie: token=x\r\n',
  ]);
  const type = `Content-Type: ${pick(random, ['application/json', 'text/plain', 'application/json;x', ''])}\r\n`;
  return text(
    `${method} /api/v1/${path} HTTP/1.1\r\nHost: localhost\r\n${headers}${token}${type}Content-Length: ${Buffer.byteLength(body)}\r\n${CLOSE}\r\n${body}`,
  );
}

export function hostileBody(random: SeededRandom): Message {
  const length = pick(random, [
    '0',
    '1',
    '5',
    '65536',
    '65537',
    '99999999999',
    '18446744073709551616',
    '-1',
    '+5',
    '0x5',
    '5, 5',
    '5,6',
    ' 5',
    'five',
    '',
  ]);
  const frame = pick(random, [
    `Content-Length: ${length}\r\n`,
    `Content-Length: ${length}\r\nContent-Length: 3\r\n`,
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    `Content-Length: ${length}\r\nContent-Encoding: gzip\r\n`,
  ]);
  const chunk = pick(random, [
    '5\r\n{"a":\r\n',
    'ffffffffffffffff\r\nx',
    '-1\r\n',
    '5;ext=1\r\nhello\r\n0\r\n\r\n',
    '5\r\nhelloXX0\r\n\r\n',
    'zz\r\n',
    '0\r\nX: y\r\n\r\n',
    `${'0'.repeat(random.int(1, 900))}1\r\nx\r\n0\r\n\r\n`,
    '{"what":',
    'x'.repeat(random.int(0, 70_000)),
  ]);
  const [method, path] = pick(random, [
    ['POST', '/api/v1/downloads'],
    ['PUT', '/drop/body.bin'],
    ['PUT', '/api/v1/limits'],
    ['GET', FILE],
  ]);
  return {
    ...text(
      `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${frame}\r\n${chunk}`,
    ),
    answersMax: 2,
  };
}

export function hostileJson(random: SeededRandom): string {
  const value = () =>
    pick(random, [
      'null',
      'true',
      '1e999',
      '-0',
      '""',
      `"${'a'.repeat(random.int(0, 5_000))}"`,
      '[]',
      '{"__proto__":{"x":1}}',
      '"\\u0000"',
      '"\\ud800"',
      '"../../etc/passwd"',
      '"x\\nquit"',
      '"--json"',
      '"$(id)"',
      '[[[[[[[[',
      `${'['.repeat(random.int(1, 30_000))}`,
    ]);
  const key = pick(random, [
    'what',
    'peer',
    'state',
    'rate',
    'direction',
    'password',
    'days',
    '__proto__',
    'constructor',
    'toString',
    'always',
    'number',
  ]);
  return pick(random, [
    `{"${key}":${value()}}`,
    value(),
    `{"what":${value()},"${key}":${value()}}`,
    '{"what":"a"',
    '\ufeff{}',
    `{"what":"a","what":${value()}}`,
  ]);
}

export function hostileText(random: SeededRandom): string {
  const one = () =>
    pick(random, [
      '%00',
      '%0a',
      '%0d%0aquit',
      '%22',
      '%27',
      '%5c',
      '--json',
      '%e2%80%ae',
      '%ff',
      '%',
      '+',
      '&from=-1',
      '&count=1e9',
      '&q=2',
      '&__proto__=1',
      '%1b%5b31m',
      ';',
      '|',
      '$(id)',
      'film',
      'a'.repeat(random.int(1, 500)),
    ]);
  return Array.from({ length: random.int(1, 6) }, one).join('');
}

export function hostileName(random: SeededRandom): string {
  return random.int(0, 1) === 0
    ? hostilePath(random).replace(/^\/+/, '')
    : pick(random, [
        '',
        '%00',
        '.',
        '..',
        'CON',
        'Temp/x',
        '.hidden',
        `${'d/'.repeat(random.int(1, 600))}x`,
        'a'.repeat(random.int(200, 5_000)),
        '%0a',
        '%e2%80%ae',
        'x%2f..%2fy',
        `small.txt`,
        '%ff%fe',
        'aux.txt',
        'a:b',
        'a ',
        'a.',
      ]);
}

export function dropHeaders(random: SeededRandom): string {
  return pick(random, [
    'Content-Length: 1\r\n',
    'Content-Length: 9007199254740993\r\n',
    'Content-Length: 1\r\nContent-Range: bytes 5-9/3\r\n',
    'Content-Length: 1\r\nContent-Range: bytes */1e9\r\n',
    `Content-Length: 1\r\nContent-Range: bytes 0-0/${random.int(0, 1e9)}\r\n`,
    'Content-Length: 1\r\nExpect: 100-continue\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 1\r\nLast-Modified: never\r\n',
    'Content-Length: 1\r\nContent-Encoding: gzip\r\n',
  ]);
}
