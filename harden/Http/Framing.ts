import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import { hostilePath, pick } from './Addresses.ts';
import { FILE, get, type Message, PLACES, text } from './Messages.ts';

/** Marks an answer to a request inside a body. */
const SMUGGLED = `GET ${FILE}?smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** Messages whose length two readers understand differently; at most the outer request may be answered. */
export function hostileSmuggling(random: SeededRandom): Message {
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

export function hostilePipeline(random: SeededRandom): Message {
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
export function hostileGarbage(random: SeededRandom): Message {
  const bytes = Buffer.from(get(pick(random, PLACES)).bytes);
  for (let changes = random.int(1, 12); changes > 0; changes--)
    bytes[random.int(0, bytes.length - 1)] = random.int(0, 255);
  return {
    bytes: random.int(0, 3) === 0 ? bytes.subarray(0, random.int(1, bytes.length)) : bytes,
    answersMax: 4,
  };
}
