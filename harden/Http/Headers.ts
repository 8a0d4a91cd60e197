import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import { pick } from './Addresses.ts';
import { CLOSE, type Message, PLACES, text } from './Messages.ts';

export function hostileRange(random: SeededRandom): string {
  const number = () =>
    pick(random, [
      0,
      1,
      9,
      99,
      100,
      1_000,
      2 ** 31,
      2 ** 32,
      2 ** 53,
      '9'.repeat(random.int(1, 60)),
      '',
      '-1',
      '1e3',
      '0x10',
      ' 5 ',
      '+3',
      'NaN',
    ]);
  const one = () => `${number()}-${number()}`;
  const parts = Array.from({ length: pick(random, [1, 1, 2, 3, 50, 1_000]) }, one).join(
    pick(random, [',', ', ', ' ,', ';']),
  );
  return `${pick(random, ['bytes=', 'bytes=', 'bytes=', 'Bytes=', 'chunks=', 'bytes ', '', 'bytes=='])}${parts}`;
}

export function ifRange(random: SeededRandom): string {
  return pick(random, [
    '',
    '',
    'If-Range: "x"\r\n',
    'If-Range: W/"x"\r\n',
    'If-Range: Mon, 99 Foo 2026\r\n',
    'If-None-Match: *\r\n',
    'If-Modified-Since: never\r\n',
    'If-Match: "x"\r\n',
  ]);
}

export function hostileHeader(random: SeededRandom): Message {
  const size = pick(random, [1, 100, 8_000, 16_300, 17_000, 70_000, 300_000]);
  const name = pick(random, [
    'X-A',
    'x'.repeat(random.int(1, 9_000)),
    'X A',
    'X\u0000',
    ': :',
    'Conten\u017f-Length',
    '__proto__',
    'constructor',
    'Expect',
    'Upgrade',
    'Trailer',
    'Forwarded',
  ]);
  const value = pick(random, [
    'y'.repeat(size),
    '\u0000'.repeat(random.int(1, 9)),
    '100-continue',
    'websocket',
    'h2c',
    '\r\n folded',
    '\u0080\u00ff',
    ' '.repeat(size),
    `a\rb${random.int(0, 99)}`,
  ]);
  const many =
    random.int(0, 4) === 0 ? `X-${random.int(0, 1e6)}: 1\r\n`.repeat(pick(random, [50, 500, 2_100])) : '';
  return text(
    `GET ${pick(random, PLACES)} HTTP/1.1\r\nHost: localhost\r\n${name}: ${value}\r\n${many}${CLOSE}\r\n`,
  );
}

export function hostileHost(random: SeededRandom): string {
  const name = pick(random, [
    'evil.example',
    'localhost.evil.example',
    'localhost@evil',
    'evil/localhost',
    '127.0.0.1.evil',
    '[::1',
    '[::1%25eth0]',
    '0x7f.1',
    'localhost:99999',
    'local\u0000host',
    `h${random.int(0, 1e9)}`,
    '',
    ' ',
    'LOCALHOST.',
    '[127.0.0.1]',
    'a'.repeat(random.int(1, 5_000)),
  ]);
  return pick(random, [
    `Host: ${name}\r\n`,
    `Host: localhost\r\nHost: ${name}\r\n`,
    `Host:${name}\r\nX-Forwarded-Host: localhost\r\n`,
    '',
    `Host : ${name}\r\n`,
    `hOsT:\t${name}\r\n`,
  ]);
}

export function hostileOrigin(random: SeededRandom): string {
  const origin = pick(random, [
    'null',
    'http://evil.example',
    'http://localhost.evil',
    'https://localhost',
    'http://localhost:1',
    'file://',
    '*',
    `http://${random.int(0, 1e9)}`,
    'http://localhost@evil',
  ]);
  const site = pick(random, [
    '',
    'Sec-Fetch-Site: cross-site\r\n',
    'Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: navigate\r\n',
    'Sec-Fetch-Site: none\r\n',
  ]);
  return `Origin: ${origin}\r\n${site}${pick(random, ['', `Referer: http://evil/${random.int(0, 1e6)}\r\n`])}`;
}

export function hostileMethod(random: SeededRandom): string {
  return pick(random, [
    'OPTIONS',
    'TRACE',
    'CONNECT',
    'PROPFIND',
    'MOVE',
    'COPY',
    'LOCK',
    'get',
    'GET\t',
    'G\u0000T',
    'HEAD',
    'POST',
    'PATCH',
    'DELETE',
    'PUT',
    'PURGE',
    'SEARCH',
    'M'.repeat(random.int(1, 3_000)),
    `X${random.int(0, 1e6)}`,
  ]);
}

export function hostileVersion(random: SeededRandom): Message {
  const version = pick(random, [
    'HTTP/1.0',
    'HTTP/0.9',
    'HTTP/2.0',
    'HTTP/1.2',
    'HTTP/9',
    'http/1.1',
    'HTTP/1.1 ',
    'HTTP/1,1',
    'HTTP/-1.1',
    '',
    'ICY',
    'RTSP/1.0',
    `HTTP/1.${random.int(2, 1e6)}`,
  ]);
  const target = pick(random, [
    ...PLACES,
    '*',
    'http://evil/files/',
    'http://localhost/files/small.txt',
    'localhost:80',
    '/a b',
    '//',
    '?',
    '/%',
    '/%zz',
    '/\u00ff',
  ]);
  const host = pick(random, ['', 'Host: localhost\r\n']);
  const end = pick(random, ['\r\n\r\n', '\n\n', '\r\r', '\r\n', '']);
  return text(
    `${pick(random, ['GET', 'HEAD', 'PRI', 'POST'])} ${target} ${version}\r\n${host}${CLOSE.slice(0, -2)}${end}`,
  );
}
