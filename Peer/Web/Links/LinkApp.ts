import { Hono } from 'hono';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import { answering, type RefusalStyle } from '../Files/Refusal.ts';
import { answerFile } from '../Files/SendFile.ts';
import type { WebCall, WebEnv, WebOptions } from '../Ports.ts';

const REFUSAL: RefusalStyle = { command: 'files', code: 'DISK_FAILED', hint: 'Try again.' };

/** `/s/<secret>/<name>`: the content of a share link. Every other secret is answered alike, and seldom. */
export function linkApp({ host, links }: WebOptions, limits: GuestLimits): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  const answer = async (c: WebCall) => {
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
    return answering(c, REFUSAL, () => answerFile(c, { ...entry, path: link.path }, host.files));
  };
  app.get('/:secret', answer);
  app.get('/:secret/:name', answer);
  return app;
}
