import { claimsStart, type Opening } from './Opening.ts';

const METHODS = ['GET ', 'HEAD ', 'POST ', 'PUT ', 'PATCH ', 'DELETE ', 'OPTIONS '].map((method) =>
  Buffer.from(method, 'latin1'),
);
const TEXT = 'This is a Shoal peer. It has no web page. Use: shoal get\n';
const ANSWER = Buffer.from(
  `HTTP/1.1 501 Not Implemented\r\nContent-Type: text/plain\r\nContent-Length: ${TEXT.length}\r\nConnection: close\r\n\r\n${TEXT}`,
  'latin1',
);

/** Whether a connection begins with an HTTP request. */
export function claimsHttp(first: Uint8Array): 'mine' | 'not mine' | 'more' {
  const claims = METHODS.map((method) => claimsStart(first, method));
  return claims.find((claim) => claim === 'mine') ?? claims.find((claim) => claim === 'more') ?? 'not mine';
}

/** Answers every HTTP request with status 501 and one sentence. */
export const httpRefusal: Opening = {
  name: 'http',
  claims: claimsHttp,
  accept: (incoming) => {
    incoming.stream((stream) => {
      stream.write(ANSWER);
      stream.end();
      return { closed: () => {} };
    });
    return { idleMs: () => undefined, evict: () => {} };
  },
};
