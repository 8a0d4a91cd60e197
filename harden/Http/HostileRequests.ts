import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import { hostilePath, pick } from './Addresses.ts';

/** One request, or several in one connection, and how they are sent. */
export interface HostileRequest {
  readonly family: Family;
  readonly bytes: Buffer;
  /**
   * `slow`: byte by byte; `half-closed`: the sending side ends at once; `reset`: the connection is cut after the first
   * bytes of the answer.
   */
  readonly manner: 'whole' | 'slow' | 'half-closed' | 'reset';
  /** Answers at most: more mean that a body was read as a request. */
  readonly answersMax: number;
}

/** A small file of the share, which may be read. */
const FILE = '/files/small.txt';
/** Marks an answer to a request that stands in a body. */
const SMUGGLED = `GET ${FILE}?smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n`;

type Made = Omit<HostileRequest, 'family' | 'manner' | 'answersMax'> &
  Partial<Pick<HostileRequest, 'manner' | 'answersMax'>>;

const FAMILIES = {
  traversal: (random) => get(hostilePath(random)),
  range: (random) => get(FILE, `Range: ${hostileRange(random)}\r\n${ifRange(random)}`),
  header: hostileHeader,
  host: (random) => text(`GET ${pick(random, PLACES)} HTTP/1.1\r\n${hostileHost(random)}${CLOSE}\r\n`),
  origin: (random) => changing(random, hostileOrigin(random), '{}'),
  method: (random) =>
    text(`${hostileMethod(random)} ${pick(random, PLACES)} HTTP/1.1\r\nHost: localhost\r\n${CLOSE}\r\n`),
  version: hostileVersion,
  body: hostileBody,
  input: (random) => changing(random, '', hostileJson(random)),
  query: (random) =>
    get(
      `/api/v1/${pick(random, ['search?q=', 'ls?folder=', 'ls?peer=', 'swarm?what=', 'peers?from='])}${hostileText(random)}`,
    ),
  drop: (random) =>
    text(
      `PUT /drop/${hostileName(random)} HTTP/1.1\r\nHost: localhost\r\n${dropHeaders(random)}${CLOSE}\r\nx`,
    ),
  smuggling: hostileSmuggling,
  pipeline: hostilePipeline,
  garbage: hostileGarbage,
} satisfies Record<string, (random: SeededRandom) => Made>;

type Family = keyof typeof FAMILIES;

/** Different requests in random order; the same seed gives the same ones. */
export function hostileRequests(random: SeededRandom, count: number): readonly HostileRequest[] {
  const known = new Set<string>();
  const families = Object.keys(FAMILIES) as Family[];
  const requests: HostileRequest[] = [];
  while (requests.length < count) {
    const family = pick(random, families);
    const made = FAMILIES[family](random);
    const manner = made.manner ?? mannerOf(random);
    const key = `${manner} ${made.bytes.toString('latin1')}`;
    if (known.has(key)) continue;
    known.add(key);
    requests.push({ family, answersMax: 1, ...made, manner });
  }
  return requests;
}

const CLOSE = 'Connection: close\r\n';
const PLACES = [
  '/',
  FILE,
  '/files/',
  '/api/v1/status',
  '/api/v1/events',
  '/metrics',
  '/healthz',
  '/drop/x',
  '/network/small.txt',
  '/s/x/small.txt',
  '/api/v1/links',
];

function mannerOf(random: SeededRandom): HostileRequest['manner'] {
  const chance = random.int(0, 99);
  return chance < 4 ? 'slow' : chance < 10 ? 'half-closed' : chance < 16 ? 'reset' : 'whole';
}

function text(request: string): Made {
  return { bytes: Buffer.from(request, 'utf8') };
}

function get(path: string, headers = ''): Made {
  return text(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}${CLOSE}\r\n`);
}

/** A request that would change something if it were allowed. */
function changing(random: SeededRandom, headers: string, body: string): Made {
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

function hostileRange(random: SeededRandom): string {
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

function ifRange(random: SeededRandom): string {
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

function hostileHeader(random: SeededRandom): Made {
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

function hostileHost(random: SeededRandom): string {
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

function hostileOrigin(random: SeededRandom): string {
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

function hostileMethod(random: SeededRandom): string {
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

function hostileVersion(random: SeededRandom): Made {
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

function hostileBody(random: SeededRandom): Made {
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

function hostileJson(random: SeededRandom): string {
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

function hostileText(random: SeededRandom): string {
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

function hostileName(random: SeededRandom): string {
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

function dropHeaders(random: SeededRandom): string {
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

/** Messages whose length two readers understand differently; at most the outer request may be answered. */
function hostileSmuggling(random: SeededRandom): Made {
  const chunked = pick(random, [
    'Transfer-Encoding: chunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding:\tchunked',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
    'Transfer-Encoding:\r\n chunked',
    'X: y\rTransfer-Encoding: chunked',
    'transfer-encoding: CHUNKED',
    'Transfer-Encoding: "chunked"',
  ]);
  const [method, path] = pick(random, [
    ['POST', '/api/v1/downloads'],
    ['GET', FILE],
    ['POST', '/'],
    ['PUT', '/drop/s'],
  ]);
  const inner = `${SMUGGLED}${random.int(0, 1e6)}`;
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
  const whole = Buffer.byteLength(inner);
  return text(
    pick(random, [
      `${head}Content-Length: ${whole}\r\n\r\n${inner}`,
      `${head}Content-Length: ${whole + 5}\r\n${chunked}\r\n\r\n0\r\n\r\n${inner}`,
      `${head}${chunked}\r\nContent-Length: 4\r\n\r\n${whole.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
      `${head}Content-Length: 0\r\nContent-Length: ${whole}\r\n\r\n${inner}`,
      `${head}Content-Length: ${whole}, 0\r\n\r\n${inner}`,
    ]),
  );
}

function hostilePipeline(random: SeededRandom): Made {
  const count = pick(random, [2, 5, 50, 300]);
  const paths = Array.from({ length: count }, () =>
    pick(random, [FILE, '/', hostilePath(random), '/healthz', '/api/v1/session']),
  );
  const requests = paths.map(
    (path) => `${pick(random, ['GET', 'HEAD', 'GET'])} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  );
  return { ...text(requests.join('')), answersMax: count };
}

/** A valid request with random changes of its bytes. */
function hostileGarbage(random: SeededRandom): Made {
  const bytes = Buffer.from(get(pick(random, PLACES)).bytes);
  for (let changes = random.int(1, 12); changes > 0; changes--)
    bytes[random.int(0, bytes.length - 1)] = random.int(0, 255);
  return {
    bytes: random.int(0, 3) === 0 ? bytes.subarray(0, random.int(1, bytes.length)) : bytes,
    answersMax: 4,
  };
}
