import { isIP } from 'node:net';
import { isLoopback } from '../../../Shared/Network/Address.ts';

/** Facts about a request that decide whether it is answered, before its body is read. */
export interface RequestFacts {
  readonly method: string;
  /** Whether it came over HTTPS. */
  readonly secure: boolean;
  /** Header `Host`, or the host of an absolute address. */
  readonly host: string | undefined;
  /** Header `Origin`. */
  readonly origin: string | undefined;
  /** Header `Sec-Fetch-Site`: how the page that asks is related to this server. */
  readonly fetchSite: string | undefined;
  /** Header `Sec-Fetch-Mode`: `navigate` for an address that a user opens. */
  readonly fetchMode: string | undefined;
}

/** Why a request is not answered. */
export interface Denial {
  readonly status: 400 | 401 | 403 | 405 | 411 | 413 | 415 | 429;
  readonly message: string;
  readonly hint: string;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Methods that an address of the server can answer, for `Allow`. @param path - begins with a slash */
export function allowedMethods(path: string): readonly string[] {
  if (path.startsWith('/api/')) return METHODS;
  return path.startsWith('/drop/') ? ['PUT', 'POST'] : ['GET', 'HEAD'];
}

/**
 * The host that a request is for. The authority of an absolute address replaces `Host` (RFC 9112, 3.2.2); undefined:
 * the address is of neither form.
 */
export function targetHost(url: string, host: string | undefined): string | undefined {
  if (url.startsWith('/')) return host;
  return /^https?:\/\/([^/?#]*)/i.exec(url)?.[1];
}

/**
 * Refuses requests that a hostile page can cause: a foreign `Host` (DNS rebinding: a name of the attacker that leads to
 * this computer; an IP address cannot be rebound), a foreign `Origin`, and anything but a navigation from another site.
 * @param hostNames - names of this computer besides localhost, in lower case
 */
export function denialOf(facts: RequestFacts, hostNames: readonly string[]): Denial | undefined {
  const { method, secure, host, origin, fetchSite, fetchMode } = facts;
  if (!METHODS.includes(method))
    return { status: 405, message: 'this method is not supported', hint: 'Use GET.' };
  if (host === undefined || host === '')
    return {
      status: 400,
      message: 'the request does not have exactly one Host',
      hint: 'Send HTTP/1.1 with one.',
    };
  if (!isOwnHost(host, hostNames)) {
    return {
      status: 403,
      message: 'this address is not one of this peer',
      hint: 'Open it by its IP address, or as localhost.',
    };
  }
  const own = `${secure ? 'https' : 'http'}://${host.toLowerCase()}`;
  if (origin !== undefined && origin.toLowerCase() !== own) return foreignPage();
  const foreign = fetchSite === 'cross-site' || fetchSite === 'same-site';
  if (foreign && (fetchMode !== 'navigate' || !isReading(method))) return foreignPage();
  return undefined;
}

/** Facts that decide whether a request may manage the peer. */
export interface ManagingFacts {
  readonly remote: string;
  /** Whether it came over HTTPS. */
  readonly secure: boolean;
  /** Whether it has the token of this run. */
  readonly token: boolean;
  /** Whether it has the cookie of a login, which only HTTPS carries. */
  readonly login: boolean;
  /** Whether it changes nothing, or the page itself has caused it: a cookie alone does not prove that. */
  readonly byPage: boolean;
  readonly hasPassword: boolean;
}

/** Refuses to manage the peer without the right to do so. */
export function managingDenial(facts: ManagingFacts): Denial | undefined {
  const { remote, secure, token, login, byPage, hasPassword } = facts;
  if (isLoopback(remote) && token) return undefined;
  if (secure && login && byPage) return undefined;
  if (isLoopback(remote)) {
    return {
      status: 401,
      message: 'this needs the token of the peer',
      hint: 'Open the address that `shoal web` prints, or send Authorization: Bearer TOKEN.',
    };
  }
  if (secure && hasPassword)
    return { status: 401, message: 'this needs a login', hint: 'Log in on the page of the peer.' };
  return {
    status: 403,
    message: 'a peer is managed from its own computer only',
    hint: hasPassword ? 'Or over HTTPS after a login.' : 'Type there: shoal web',
  };
}

/** Refuses a request with a body that is not JSON, or larger than `bytesMax`; undefined: it may be read. */
export function bodyDenial(
  type: string | undefined,
  length: string | undefined,
  bytesMax: number,
): Denial | undefined {
  if (length !== undefined && Number(length) > bytesMax)
    return { status: 413, message: 'the body is too large', hint: `At most ${bytesMax} bytes.` };
  if (/^application\/json\s*(;|$)/i.test(type ?? '')) return undefined;
  return { status: 415, message: 'the body is not JSON', hint: 'Send Content-Type: application/json.' };
}

export function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function isOwnHost(host: string, hostNames: readonly string[]): boolean {
  const [, bracketed, plain = '', port = '80'] =
    /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/\\]+))(?::(\d{1,5}))?$/i.exec(host) ?? [];
  if (Number(port) < 1 || Number(port) > 65_535) return false;
  if (bracketed !== undefined) return isIP(bracketed) === 6;
  const name = plain.toLowerCase();
  return isIP(name) === 4 || name === 'localhost' || hostNames.includes(name);
}

function foreignPage(): Denial {
  return {
    status: 403,
    message: 'a page of another site may not use this peer',
    hint: 'Open the page of the peer itself.',
  };
}
