import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { Hono } from 'hono';
import type { FileId } from '../../../Protocol/Ids.ts';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import type { MetalinkMaker } from '../Metalink/MetalinkMaker.ts';
import type { WebOptions } from '../Ports.ts';
import { refusal, tooManyRequests } from './Refusal.ts';
import { answerFile } from './SendFile.ts';

type Env = { Bindings: HttpBindings };

const HINT = 'From any peer of the network: /network/ID';

/** `/by-id/<id>/<name>`: files of the share by their content, and with `?sha256` their SHA-256. */
export class ByIdApp {
  readonly app = new Hono<Env>();
  readonly #options: WebOptions;
  readonly #limits: GuestLimits;
  readonly #metalinks: Pick<MetalinkMaker, 'headers'>;

  constructor(options: WebOptions, limits: GuestLimits, metalinks: Pick<MetalinkMaker, 'headers'>) {
    this.#options = options;
    this.#limits = limits;
    this.#metalinks = metalinks;
    this.app.get('/:id{[0-9a-f]{64}}', (c) => this.#answer(c, c.req.param('id') as FileId));
    this.app.get('/:id{[0-9a-f]{64}}/:name', (c) => this.#answer(c, c.req.param('id') as FileId));
  }

  async #answer(c: Context<Env>, id: FileId): Promise<Response> {
    const { files } = this.#options.host;
    const entry = files.findId(id);
    if (entry === undefined)
      return refuse(c, { code: 'NOT_FOUND', message: 'this peer does not share the file', hint: HINT });
    try {
      if (c.req.query('sha256') !== undefined) return await this.#digest(c, id);
      return await answerFile(c, entry, files, this.#metalinks);
    } catch (failure) {
      const { code, message, hint = HINT } = asShoalError(failure, 'DISK_FAILED');
      return refuse(c, { code, message, hint });
    }
  }

  async #digest(c: Context<Env>, id: FileId): Promise<Response> {
    if (!this.#limits.allows(c.env.incoming)) return tooManyRequests(c, 'by-id');
    return c.json(await this.#options.host.files.digest(id, c.req.raw.signal));
  }
}

function refuse(c: Context, why: Parameters<typeof refusal>[2]): Response {
  return refusal(c, 'by-id', why);
}
