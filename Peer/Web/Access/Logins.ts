import { BoundedMap } from '../../../Shared/BoundedMap.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { HostRates } from '../../../Shared/Time/HostRates.ts';
import type { WebPasswords } from '../Ports.ts';
import { secretKey } from './Sessions.ts';

const HOSTS_MAX = 1_024;
/** Attempts of one host, and of all together. */
const ATTEMPTS = {
  perHost: { burst: 5, perSecond: 0.1 },
  inAll: { burst: 30, perSecond: 1 },
  hostsMax: HOSTS_MAX,
};
/** Logins at a time; the oldest ends. */
const LOGINS_MAX = 64;
/** Time after which a login ends, in milliseconds. */
export const LOGIN_MS = 12 * 3_600_000;

interface Login {
  readonly untilMs: number;
  readonly passwordVersion: string;
}

export interface LoginsOptions {
  readonly passwords: WebPasswords;
  readonly clock: Clock;
  /** Makes a secret that cannot be guessed. */
  readonly newSecret: () => string;
}

/** Logins by password. Each has a secret of its own, and ends after 12 hours or with a new password. */
export class Logins {
  readonly #options: LoginsOptions;
  /** By digest of the secret. */
  readonly #logins = new BoundedMap<string, Login>(LOGINS_MAX);
  readonly #attempts = new HostRates(ATTEMPTS);

  constructor(options: LoginsOptions) {
    this.#options = options;
  }

  /** @returns the secret of the login @throws ShoalError BUSY, REFUSED, NOT_FOUND without a password */
  async login(password: string, host: string): Promise<string> {
    const { passwords, clock, newSecret } = this.#options;
    const passwordVersion = await passwords.version();
    if (passwordVersion === undefined) {
      throw new ShoalError('NOT_FOUND', 'no password is set', {
        hint: 'Type on its computer: shoal web --password',
      });
    }
    if (!this.#attempts.allows(host, clock.nowMs()))
      throw new ShoalError('BUSY', 'too many attempts', { hint: 'Wait a minute.' });
    if (!(await passwords.verify(password))) throw new ShoalError('REFUSED', 'the password is wrong');
    const secret = newSecret();
    this.#logins.set(secretKey(secret), { untilMs: clock.nowMs() + LOGIN_MS, passwordVersion });
    return secret;
  }

  /** Whether a secret is that of a login. @param passwordVersion - of now; undefined: no password is set */
  proves(secret: string, passwordVersion: string | undefined): boolean {
    const login = this.#logins.get(secretKey(secret));
    if (login === undefined) return false;
    const isValid = login.untilMs > this.#options.clock.nowMs() && login.passwordVersion === passwordVersion;
    if (!isValid) this.end(secret);
    return isValid;
  }

  end(secret: string): void {
    this.#logins.delete(secretKey(secret));
  }
}
