import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Holds the secret by which a user of this computer manages the peer. It travels in the header `Authorization` only: a
 * browser sends cookies to every port of a host, and with requests of foreign pages.
 */
export class Sessions {
  readonly #token: Buffer;

  constructor(token: string) {
    this.#token = digest(token);
  }

  /** Whether a header is `Bearer` and the secret. Takes the same time for every wrong one. */
  proves(authorization: string | undefined): boolean {
    const [, given] = /^Bearer ([\w-]{1,200})$/.exec(authorization ?? '') ?? [];
    return given !== undefined && timingSafeEqual(digest(given), this.#token);
  }
}

/** Key of a secret in a map, a digest: the time of the search says nothing about the secret. */
export function secretKey(secret: string): string {
  return digest(secret).toString('hex');
}

/** Equal texts have equal digests; their length says nothing about the text. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
