import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { Hono } from 'hono';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import { refusal } from '../Files/Refusal.ts';
import { answerFile } from '../Files/SendFile.ts';
import type { WebOptions } from '../Ports.ts';

type Env = { Bindings: HttpBindings };

/** `/s/<secret>/<name>`: the content of a share link. Every other secret is answered alike, and seldom. */
export function linkApp({ host, links }: WebOptions, limits: GuestLimits): Hono<Env> {
  const app = new Hono<Env>();
  const answer = async (c: Context<Env>) => {
    const link = links.find(c.req.param('secret') ?? '');
    const entry = link && host.files.findId(link.fileId);
    if (link === undefined || entry === undefined) {
      if (!limits.allows(c.env.incoming)) return c.text('', 429);
      return c.text('404: this link has ended, or its file has changed\n', 404);
    }
    const { outgoing } = c.env;
    outgoing.once(
      'close',
      links.onRevoked(link, () => void outgoing.destroy()),
    );
    try {
      return await answerFile(c, { ...entry, path: link.path }, host.files);
    } catch (failure) {
      const { code, message } = asShoalError(failure, 'DISK_FAILED');
      return refusal(c, 'files', { code, message, hint: 'Try again.' });
    }
  };
  app.get('/:secret', answer);
  app.get('/:secret/:name', answer);
  return app;
}
