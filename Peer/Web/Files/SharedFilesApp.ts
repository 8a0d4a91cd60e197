import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import type { MetalinkMaker } from '../Metalink/MetalinkMaker.ts';
import type { WebCall, WebEnv, WebOptions } from '../Ports.ts';
import { linkTo, listingHtml, listingText, rowsOf } from './Listing.ts';
import { answering, type RefusalStyle } from './Refusal.ts';
import { answerFile } from './SendFile.ts';
import { decodedPath } from './ServedPath.ts';

const REFUSAL: RefusalStyle = {
  command: 'files',
  code: 'DISK_FAILED',
  hint: 'The files of this peer: /files/',
};

/** `/files/<path>`: files and folders of the share. */
export function sharedFilesApp(
  { host }: WebOptions,
  limits: GuestLimits,
  metalinks: Pick<MetalinkMaker, 'headers'>,
): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  app.get('/*', (c) =>
    answering(c, REFUSAL, async () => {
      const path = decodedPath(c.req.path.replace(/^\/files\/?/, ''));
      if (path === undefined) throw new ShoalError('USAGE', 'the address is not valid UTF-8');
      const entry = host.files.find(path);
      if (entry !== undefined) return answerFile(c, entry, host.files, metalinks);
      if (limits.allows(c.env.incoming)) return folder(c, path.replace(/\/$/, ''), host);
      c.header('Retry-After', '1');
      return c.text('429: too many listings, wait a second\n', 429);
    }),
  );
  return app;
}

async function folder(c: WebCall, path: string, { files, name }: WebOptions['host']): Promise<Response> {
  const listed = rowsOf(path, files.below(path));
  if (listed.rows.length === 0 && path !== '')
    throw new ShoalError('NOT_FOUND', 'the share has no such file or folder');
  // Links of a listing are relative to the folder.
  if (!c.req.path.endsWith('/')) {
    const last = path === '' ? 'files' : (path.split('/').at(-1) ?? '');
    return c.redirect(`./${linkTo(`${last}/`)}${/\?.*$/.exec(c.req.url)?.[0] ?? ''}`);
  }
  const format = c.req.query('format');
  if (format === 'zip' || format === 'tar') {
    const { sendArchive } = await import('./Archive.ts');
    await sendArchive(format, path === '' ? name : path, files.list(path), c.env.outgoing, files);
    return RESPONSE_ALREADY_SENT;
  }
  if (format !== undefined) throw new ShoalError('USAGE', 'a folder has the formats zip and tar');
  c.header('Cache-Control', 'no-cache');
  return c.req.header('accept')?.includes('text/html') === true
    ? c.html(listingHtml(path, listed))
    : c.text(listingText(listed));
}
