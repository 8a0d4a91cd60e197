import { Hono } from 'hono';
import * as v from 'valibot';
import { isLoopback } from '../../../Shared/Network/Address.ts';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import { envelopeJson } from '../../../Shared/Text/Envelope.ts';
import { bodyDenial, type Denial, isReading } from '../Access/Guard.ts';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import { isSecure, type Owner } from '../Access/Owner.ts';
import { remoteOf } from '../Files/ClientSocket.ts';
import type { WebCall, WebEnv, WebOptions } from '../Ports.ts';
import { BODY_BYTES_MAX, readJson } from './Body.ts';
import { denialJson, failureJson, statusOf } from './Envelope.ts';
import { Events } from './Events.ts';
import { openApiOf } from './OpenApi.ts';
import { type ApiRoute, ROUTES } from './Routes.ts';

/** Items of an answer without `count`. */
const ITEMS = 1_000;
/** Files of another peer that guests list, and such requests at once: each fetches the list up to its last file. */
const PEER_FILES_MAX = 20_000;
const ASKING_MAX = 4;

/** The API: answers commands as `shoal --json` does, within the rights of the client. */
export class Api {
  readonly app = new Hono<WebEnv>();
  readonly #options: WebOptions;
  readonly #owner: Owner;
  readonly #limits: GuestLimits;
  readonly #events: Events;
  /** Requests of guests that ask another peer now. */
  #asking = 0;

  constructor(options: WebOptions, limits: GuestLimits, owner: Owner) {
    this.#options = options;
    this.#owner = owner;
    this.#limits = limits;
    this.#events = new Events(options);
    const { app } = this;
    app.get('/openapi.json', (c) => c.json(openApiOf(ROUTES)));
    app.get('/session', (c) => this.#session(c));
    app.post('/session', (c) => this.#exchange(c));
    app.post('/login', (c) => this.#logIn(c));
    app.post('/logout', (c) => this.#logOut(c));
    app.get('/events', async (c) => (await this.#denied(c, 'owner')) ?? this.#events.answer(c));
    for (const route of ROUTES) {
      const path = route.path.replace(/\{(\w+)\}/g, ':$1');
      app.on(route.method.toUpperCase(), path, (c, next) => this.#guard(c, route, next));
      app.on(route.method.toUpperCase(), path, (c) => this.#answer(c, route));
    }
    // A known path with another method.
    app.all('*', (c) => send(c, 404, failureJson('', 'NOT_FOUND', 'the API has no such address', HINT)));
  }

  close(): void {
    this.#events.close();
  }

  /** Rights of the client, for the page: whether it may manage the peer, and what it may use. */
  async #session(c: WebCall): Promise<Response> {
    const { host, level } = this.#options;
    const { incoming } = c.env;
    const { denial, loggedIn, login = null } = await this.#owner.session(incoming);
    const manage = denial === undefined;
    const local = isLoopback(remoteOf(incoming).host);
    const drops = level === 'drop' && (manage || host.drops.takesOffers);
    const serves = ['network', ...(drops ? ['drop'] : [])];
    const session = { manage, local, loggedIn, login, name: host.name, port: host.port, serves };
    return send(c, 200, envelopeJson('session', session));
  }

  /** Gives the token to the browser that `shoal web` has opened, for the code in its address. */
  async #exchange(c: WebCall): Promise<Response> {
    const { incoming } = c.env;
    const { codes, token, clock } = this.#options;
    const denied = this.#bodyDenied(c);
    if (denied !== undefined) return denied;
    if (!this.#limits.allows(incoming)) return deny(c, TOO_MANY);
    const input = v.safeParse(CODE, await readJson(incoming, clock).catch(tooLarge));
    if (!input.success) return send(c, 400, failureJson('session', 'USAGE', 'the code is missing', HINT));
    if (!codes.redeem(input.output.code, remoteOf(incoming).host)) return deny(c, USED);
    return send(c, 200, envelopeJson('session', { token }));
  }

  async #logIn(c: WebCall): Promise<Response> {
    const { incoming } = c.env;
    if (!isSecure(incoming))
      // The host was checked with every request.
      return deny(c, {
        status: 403,
        message: 'a login needs HTTPS',
        hint: `Open https://${incoming.headers.host}/`,
      });
    const denied = this.#bodyDenied(c);
    if (denied !== undefined) return denied;
    const input = v.safeParse(LOGIN, await readJson(incoming, this.#options.clock).catch(tooLarge));
    if (!input.success) return send(c, 400, failureJson('login', 'USAGE', 'the password is missing', HINT));
    try {
      c.header('Set-Cookie', await this.#owner.logIn(incoming, input.output.password));
    } catch (failure) {
      const { code, message, hint } = asShoalError(failure, 'DISK_FAILED');
      return send(
        c,
        code === 'BUSY' ? 429 : statusOf({ code }),
        failureJson('login', code, message, hint ?? ''),
      );
    }
    return this.#done(c, 'login');
  }

  async #logOut(c: WebCall): Promise<Response> {
    const denied = await this.#denied(c, 'owner');
    if (denied !== undefined) return denied;
    c.header('Set-Cookie', this.#owner.logOut(c.env.incoming));
    return this.#done(c, 'logout');
  }

  #done(c: WebCall, command: string): Response {
    return send(c, 200, envelopeJson(command, {}));
  }

  async #guard(c: WebCall, route: ApiRoute, next: () => Promise<void>): Promise<Response | undefined> {
    const denied = (await this.#denied(c, route.who)) ?? (hasBody(route) ? this.#bodyDenied(c) : undefined);
    if (denied !== undefined) return denied;
    await next();
    return undefined;
  }

  async #denied(c: WebCall, who: ApiRoute['who']): Promise<Response | undefined> {
    const denial = await this.#owner.denial(c.env.incoming);
    if (who === 'owner' && denial !== undefined) return deny(c, denial);
    if (denial !== undefined && !this.#limits.allows(c.env.incoming)) return deny(c, TOO_MANY);
    return undefined;
  }

  #bodyDenied(c: WebCall): Response | undefined {
    const denial = bodyDenial(c.req.header('content-type'), c.req.header('content-length'), BODY_BYTES_MAX);
    return denial === undefined ? undefined : deny(c, denial);
  }

  async #answer(c: WebCall, route: ApiRoute): Promise<Response> {
    const body = hasBody(route)
      ? await readJson(c.env.incoming, this.#options.clock).catch(tooLarge)
      : c.req.query();
    if (body === TOO_LARGE) return deny(c, TOO_LARGE);
    const given = { ...(isRecord(body) ? body : { body }), ...c.req.param() };
    const input = v.safeParse(route.input, given);
    const [, command = ''] = route.path.split('/');
    if (!input.success) {
      const [issue] = input.issues;
      const field = v.getDotPath(issue) ?? 'the body';
      return send(c, 400, failureJson(command, 'USAGE', `${field}: ${issue.message}`.slice(0, 300), HINT));
    }
    const { from = 0, count = ITEMS, peer = '' } = input.output as Fields;
    const words = route.words(input.output as never);
    const run = async () => {
      const asked = { words, command, window: { from, count } };
      const answer = await this.#options.host.run(asked, c.req.raw.signal);
      return send(c, statusOf(answer.error), answer.json);
    };
    if (peer === '' || (await this.#owner.is(c.env.incoming))) return run();
    // An address makes the peer connect to it, whatever is there.
    if (isAddress(peer) && !this.#options.host.knowsPeer(peer.trim())) return deny(c, BY_NAME);
    if (from + count > PEER_FILES_MAX) return deny(c, TOO_FAR);
    return this.#forGuest(c, run);
  }

  /** Runs a request that asks another peer, few at once. */
  async #forGuest(c: WebCall, run: () => Promise<Response>): Promise<Response> {
    if (this.#asking >= ASKING_MAX) return deny(c, TOO_MANY);
    this.#asking++;
    try {
      return await run();
    } finally {
      this.#asking--;
    }
  }
}

/** Longest password in characters. */
const PASSWORD_MAX = 1_024;
const LOGIN = v.strictObject({ password: v.pipe(v.string(), v.maxLength(PASSWORD_MAX)) });

const CODE = v.strictObject({ code: v.pipe(v.string(), v.maxLength(200)) });

const TOO_MANY: Denial = { status: 429, message: 'too many requests', hint: 'Wait a second.' };

const USED: Denial = {
  status: 403,
  message: 'the code was used before, or is older than a minute',
  hint: 'Type again on this computer: shoal web',
};

const HINT = 'All requests with their fields: /api/v1/openapi.json';

/** Fields that several routes have. */
interface Fields {
  readonly from?: number;
  readonly count?: number;
  readonly peer?: string;
}

const BY_NAME: Denial = {
  status: 403,
  message: 'only its owner names a peer by an unknown address',
  hint: 'Use its name or id, see /api/v1/peers.',
};

const TOO_FAR: Denial = {
  status: 403,
  message: `only its owner lists more than ${PEER_FILES_MAX} files of another peer`,
  hint: 'Name a folder, or search.',
};

/** Whether a text is taken as host and port. */
function isAddress(peer: string): boolean {
  return /[:\s]\s*\d+\s*$/.test(peer);
}

const TOO_LARGE: Denial = {
  status: 413,
  message: 'the body is too large',
  hint: `At most ${BODY_BYTES_MAX} bytes.`,
};

function tooLarge(failure: unknown): Denial {
  if (failure instanceof RangeError) return TOO_LARGE;
  throw failure;
}

/** Anything else fails the check of the input. */
function isRecord(body: unknown): body is object {
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}

function hasBody({ method }: ApiRoute): boolean {
  return !isReading(method.toUpperCase()) && method !== 'delete';
}

function deny(c: WebCall, denial: Denial): Response {
  // The rest of the body is not read.
  c.header('Connection', 'close');
  if (denial.status === 401) c.header('WWW-Authenticate', 'Bearer');
  return send(c, denial.status, denialJson(denial));
}

function send(c: WebCall, status: number, json: string): Response {
  return c.body(`${json}\n`, status as 200, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
  });
}
