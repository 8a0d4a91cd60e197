import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { Hono } from 'hono';
import type { FileId } from '../../../Protocol/Ids.ts';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import { METALINK_TYPE } from '../Metalink/Metalink.ts';
import type { MetalinkMaker } from '../Metalink/MetalinkMaker.ts';
import type { WebNetworkFile, WebOptions } from '../Ports.ts';
import { type Refusal, refusal, tooManyRequests } from './Refusal.ts';
import { answerFile, clientOf } from './SendFile.ts';

type Env = { Bindings: HttpBindings };

/**
 * `/network/<id>/<name>` and `/network/<path>`: any file of the network, sent while it is fetched and verified.
 * `/network/<id>.meta4`: its Metalink document.
 */
export class NetworkApp {
  readonly app = new Hono<Env>();
  readonly #options: WebOptions;
  readonly #limits: GuestLimits;
  readonly #metalinks: MetalinkMaker;

  constructor(options: WebOptions, limits: GuestLimits, metalinks: MetalinkMaker) {
    this.#options = options;
    this.#limits = limits;
    this.#metalinks = metalinks;
    this.app.get('/:document{[0-9a-f]{64}\\.meta4}', (c) =>
      this.#metalink(c, c.req.param('document').slice(0, -'.meta4'.length)),
    );
    this.app.get('/*', (c) => this.#answer(c));
  }

  async #answer(c: Context<Env>): Promise<Response> {
    const { host } = this.#options;
    if (!this.#limits.allows(c.env.incoming)) return tooManyRequests(c, 'network');
    const what = wanted(c.req.path);
    if (what === undefined)
      return refuse(c, { code: 'USAGE', message: 'the address names no file', hint: HINT });
    let file: WebNetworkFile | undefined;
    try {
      file = await host.network.open(what, clientOf(c).client.host, c.req.raw.signal);
      const { send } = file;
      const files = { send: (_: unknown, ...range: Parameters<typeof send>) => send(...range) };
      return await answerFile(c, file, files, this.#metalinks);
    } catch (failure) {
      const { code, message, hint = HINT } = asShoalError(failure, 'UNREACHABLE');
      return refuse(c, { code, message, hint });
    } finally {
      file?.close();
    }
  }

  async #metalink(c: Context<Env>, id: string): Promise<Response> {
    if (!this.#limits.allows(c.env.incoming)) return tooManyRequests(c, 'network');
    try {
      const xml = await this.#metalinks.document(id as FileId, clientOf(c), c.req.raw.signal);
      return c.body(xml, 200, { 'Content-Type': METALINK_TYPE, 'Cache-Control': 'no-cache' });
    } catch (failure) {
      const { code, message, hint = HINT } = asShoalError(failure, 'UNREACHABLE');
      return refuse(c, { code, message, hint });
    }
  }
}

const HINT = 'By id or name: /network/ID or /network/NAME. Find both: /api/v1/search?q=WORDS';

/** The id, or the path, in an address; undefined: none. */
function wanted(address: string): string | undefined {
  try {
    const what = decodeURIComponent(address.replace(/^\/network\/?/, ''));
    const [, id = what] = /^([0-9a-f]{64})(?:\/|$)/i.exec(what) ?? [];
    return id === '' ? undefined : id === what ? what : id.toLowerCase();
  } catch {
    return undefined;
  }
}

function refuse(c: Context, why: Refusal): Response {
  return refusal(c, 'network', why);
}
