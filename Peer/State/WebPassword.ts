import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../Shared/Log.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { readFields, writeJson } from './JsonFile.ts';

const FILE = 'web-password.json';
/** Costs of scrypt: 32 MiB and about 0.1 s for each attempt (RFC 7914). */
const COSTS = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1_024 * 1_024 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const PASSWORD_CHARS_MIN = 8;
const PASSWORD_CHARS_MAX = 1_024;

interface Stored {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** The password of the web page, as a hash in a file that only the user can read. */
export class WebPasswordFile {
  readonly #path: string;
  readonly #log: Pick<Log, 'warn'>;
  #warned = '';

  constructor(stateFolder: string, log: Pick<Log, 'warn'>) {
    this.#path = join(stateFolder, FILE);
    // A damaged file that cannot be moved aside is met at each request.
    this.#log = { warn: (message) => this.#warnOnce(log, message) };
  }

  /** Changes with the password. Undefined: none is set. */
  async version(): Promise<string | undefined> {
    return (await this.#read())?.hash.toString('hex');
  }

  async verify(password: string): Promise<boolean> {
    const stored = await this.#read();
    if (stored === undefined || password.length > PASSWORD_CHARS_MAX) return false;
    return timingSafeEqual(await hashOf(password, stored.salt), stored.hash);
  }

  /** @throws ShoalError USAGE; Error of node:fs */
  async set(password: string): Promise<void> {
    if (password.length < PASSWORD_CHARS_MIN || password.length > PASSWORD_CHARS_MAX) {
      throw new ShoalError(
        'USAGE',
        `a password has ${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters`,
        {
          hint: 'Several words are easy to remember and hard to guess.',
        },
      );
    }
    const salt = randomBytes(SALT_BYTES);
    const hash = await hashOf(password, salt);
    await writeJson(this.#path, { salt: salt.toString('hex'), hash: hash.toString('hex') });
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  #warnOnce(log: Pick<Log, 'warn'>, message: string): void {
    if (message !== this.#warned) log.warn(message);
    this.#warned = message;
  }

  async #read(): Promise<Stored | undefined> {
    const { salt, hash } = await readFields(this.#path, this.#log);
    if (typeof salt !== 'string' || typeof hash !== 'string') return undefined;
    const stored = { salt: Buffer.from(salt, 'hex'), hash: Buffer.from(hash, 'hex') };
    return stored.salt.length === SALT_BYTES && stored.hash.length === HASH_BYTES ? stored : undefined;
  }
}

function hashOf(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, COSTS, (failure, hash) => {
      if (failure === null) resolve(hash);
      else reject(failure);
    });
  });
}
