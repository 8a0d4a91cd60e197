import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { Hono } from 'hono';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import type { MetalinkMaker } from '../Metalink/MetalinkMaker.ts';
import type { WebOptions } from '../Ports.ts';
import { linkTo, listingHtml, listingText, rowsOf } from './Listing.ts';
import { refusal } from './Refusal.ts';
import { answerFile } from './SendFile.ts';

type Env = { Bindings: HttpBindings };

/** `/files/<path>`: files and folders of the share. */
export class SharedFilesApp {
  readonly app = new Hono<Env>();
  readonly #options: WebOptions;
  readonly #limits: GuestLimits;
  readonly #metalinks: Pick<MetalinkMaker, 'headers'>;

  constructor(options: WebOptions, limits: GuestLimits, metalinks: Pick<MetalinkMaker, 'headers'>) {
    this.#options = options;
    this.#limits = limits;
    this.#metalinks = metalinks;
    this.app.get('/', (c) => this.#folder(c, ''));
    this.app.get('/*', (c) => this.#answer(c));
  }

  async #answer(c: Context<Env>): Promise<Response> {
    const path = pathOf(c.req.path);
    if (path === undefined) return refuse(c, 'USAGE', 'the address is not valid UTF-8');
    const entry = this.#options.host.files.find(path);
    if (entry === undefined) return this.#folder(c, path.replace(/\/$/, ''));
    try {
      return await answerFile(c, entry, this.#options.host.files, this.#metalinks);
    } catch (failure) {
      const { code, message } = asShoalError(failure, 'DISK_FAILED');
      return refuse(c, code, message);
    }
  }

  async #folder(c: Context<Env>, folder: string): Promise<Response> {
    const { host } = this.#options;
    if (!this.#limits.allows(c.env.incoming)) {
      c.header('Retry-After', '1');
      return c.text('429: too many listings, wait a second\n', 429);
    }
    const entries = host.files.list(folder);
    if (entries.length === 0 && folder !== '')
      return refuse(c, 'NOT_FOUND', 'the share has no such file or folder');
    // Links of a listing are relative to the folder.
    if (!c.req.path.endsWith('/')) {
      const last = folder === '' ? 'files' : (folder.split('/').at(-1) ?? '');
      return c.redirect(`./${linkTo(`${last}/`)}${/\?.*$/.exec(c.req.url)?.[0] ?? ''}`);
    }
    const format = c.req.query('format');
    if (format === 'zip' || format === 'tar') {
      const { sendArchive } = await import('./Archive.ts');
      await sendArchive(format, folder === '' ? host.name : folder, entries, c.env.outgoing, host.files);
      return RESPONSE_ALREADY_SENT;
    }
    if (format !== undefined) return refuse(c, 'USAGE', 'a folder has the formats zip and tar');
    const rows = rowsOf(folder, entries);
    c.header('Cache-Control', 'no-cache');
    return c.req.header('accept')?.includes('text/html') === true
      ? c.html(listingHtml(folder, rows))
      : c.text(listingText(rows));
  }
}

/** The path below `/files/`; undefined: not valid UTF-8. */
function pathOf(address: string): string | undefined {
  try {
    return decodeURIComponent(address.replace(/^\/files\//, ''));
  } catch {
    return undefined;
  }
}

function refuse(c: Context<Env>, code: string, message: string): Response {
  return refusal(c, 'files', { code, message, hint: 'The files of this peer: /files/' });
}
