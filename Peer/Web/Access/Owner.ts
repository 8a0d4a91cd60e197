import type { IncomingMessage } from 'node:http';
import { remoteOf } from '../Files/ClientSocket.ts';
import type { WebOptions, WebPasswords } from '../Ports.ts';
import { type Denial, isReading, managingDenial } from './Guard.ts';
import { LOGIN_MS, Logins } from './Logins.ts';
import { Sessions } from './Sessions.ts';

export interface OwnerSession {
  /** Why the client may not manage the peer; undefined: it may. */
  readonly denial: Denial | undefined;
  /** Whether it has the cookie of a login. */
  readonly loggedIn: boolean;
  /** The login that the page offers. Undefined: not at all, or not needed. */
  readonly login: 'form' | 'https' | undefined;
}

/**
 * Decides whether a request comes from the owner of the peer: from this computer with the token, or over HTTPS with the
 * cookie of a login.
 */
export class Owner {
  readonly #passwords: WebPasswords;
  readonly #logins: Logins;
  readonly #sessions: Sessions;
  readonly #cookie: string;

  constructor({ token, clock, passwords, newSecret, host }: WebOptions) {
    this.#passwords = passwords;
    this.#sessions = new Sessions(token);
    this.#logins = new Logins({ passwords, clock, newSecret });
    // A browser sends cookies to every port of a host: each peer has its own.
    this.#cookie = `__Host-shoal-${host.port}`;
  }

  /** Why a request may not manage the peer; undefined: it may. */
  async denial(request: IncomingMessage): Promise<Denial | undefined> {
    return (await this.session(request)).denial;
  }

  async is(request: IncomingMessage): Promise<boolean> {
    return (await this.denial(request)) === undefined;
  }

  /** State of the client of a request. */
  async session(request: IncomingMessage): Promise<OwnerSession> {
    const { headers, method = '' } = request;
    const secure = isSecure(request);
    const secret = this.#secretOf(request);
    const version = await this.#passwords.version();
    const login = secret !== undefined && this.#logins.proves(secret, version);
    const denial = managingDenial({
      remote: remoteOf(request).host,
      secure,
      token: this.#sessions.proves(headers.authorization),
      login,
      byPage: isReading(method) || isOwnPage(headers),
      hasPassword: version !== undefined,
    });
    const way = version === undefined ? undefined : secure ? 'form' : 'https';
    return { denial, loggedIn: login, login: denial === undefined ? undefined : way };
  }

  /** @returns the cookie to set @throws ShoalError BUSY, REFUSED, NOT_FOUND */
  async logIn(request: IncomingMessage, password: string): Promise<string> {
    const secret = await this.#logins.login(password, remoteOf(request).host);
    return `${this.#cookie}=${secret}; ${ATTRIBUTES}; Max-Age=${LOGIN_MS / 1_000}`;
  }

  /** @returns the cookie to set */
  logOut(request: IncomingMessage): string {
    const secret = this.#secretOf(request);
    if (secret !== undefined) this.#logins.end(secret);
    return `${this.#cookie}=; ${ATTRIBUTES}; Max-Age=0`;
  }

  #secretOf(request: IncomingMessage): string | undefined {
    if (!isSecure(request)) return undefined;
    const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
    const mine = pairs.find((pair) => pair.startsWith(`${this.#cookie}=`));
    return mine?.slice(this.#cookie.length + 1);
  }
}

const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict';

export function isSecure({ socket }: IncomingMessage): boolean {
  return 'encrypted' in socket && socket.encrypted === true;
}

/** Whether a page of this very address has caused the request: other ports of a host get its cookies, too. */
function isOwnPage(headers: IncomingMessage['headers']): boolean {
  // The guard has refused every other Origin.
  return headers.origin !== undefined || headers['sec-fetch-site'] === 'same-origin';
}
