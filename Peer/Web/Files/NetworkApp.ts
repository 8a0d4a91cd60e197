import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { Hono } from 'hono';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import { failureJson, type HttpStatus, statusOf } from '../Api/Envelope.ts';
import type { WebNetworkFile, WebOptions } from '../Ports.ts';
import { remoteOf } from './ClientSocket.ts';
import { conditionsOf, fileAnswer } from './FileAnswer.ts';
import { sendFile } from './SendFile.ts';

type Env = { Bindings: HttpBindings };

/** `/network/<id>/<name>` and `/network/<path>`: any file of the network, sent while it is fetched and verified. */
export class NetworkApp {
  readonly app = new Hono<Env>();
  readonly #options: WebOptions;
  readonly #limits: GuestLimits;

  constructor(options: WebOptions, limits: GuestLimits) {
    this.#options = options;
    this.#limits = limits;
    this.app.get('/*', (c) => this.#answer(c));
  }

  async #answer(c: Context<Env>): Promise<Response> {
    const { host, clock } = this.#options;
    const remote = remoteOf(c.env.incoming).host;
    if (!this.#limits.allows(remote, clock.nowMs()))
      return refuse(c, { code: 'BUSY', message: 'too many requests', hint: 'Wait a second.' }, 429);
    const what = wanted(c.req.path);
    if (what === undefined)
      return refuse(c, { code: 'USAGE', message: 'the address names no file', hint: HINT });
    let file: WebNetworkFile | undefined;
    try {
      file = await host.network.open(what, remote, c.req.raw.signal);
      const { send } = file;
      const files = { send: (_: unknown, ...range: Parameters<typeof send>) => send(...range) };
      await sendFile(file, fileAnswer(file, conditionsOf(c.req)), c.env.outgoing, files);
    } catch (failure) {
      const { code, message, hint = HINT } = asShoalError(failure, 'UNREACHABLE');
      return refuse(c, { code, message, hint });
    } finally {
      file?.close();
    }
    return RESPONSE_ALREADY_SENT;
  }
}

const HINT = 'By id or name: /network/ID or /network/NAME. Find both: /api/v1/search?q=WORDS';

/** The id, or the path, in an address; undefined: none. */
function wanted(address: string): string | undefined {
  try {
    const what = decodeURIComponent(address.replace(/^\/network\//, ''));
    const [, id = what] = /^([0-9a-f]{64})(?:\/|$)/i.exec(what) ?? [];
    return id === '' ? undefined : id === what ? what : id.toLowerCase();
  } catch {
    return undefined;
  }
}

function refuse(
  c: Context,
  { code, message, hint }: { readonly code: string; readonly message: string; readonly hint: string },
  status: HttpStatus | 429 = statusOf({ code }),
): Response {
  if (status === 503 || status === 429) c.header('Retry-After', '5');
  c.header('Content-Type', 'application/json; charset=utf-8');
  c.header('Cache-Control', 'no-store');
  return c.body(`${failureJson('network', code, message, hint)}\n`, status);
}
