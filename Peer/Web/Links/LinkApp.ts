import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { Hono } from 'hono';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import { failureJson, statusOf } from '../Api/Envelope.ts';
import { remoteOf } from '../Files/ClientSocket.ts';
import { fileAnswer } from '../Files/FileAnswer.ts';
import { sendFile } from '../Files/SendFile.ts';
import type { WebOptions } from '../Ports.ts';

type Env = { Bindings: HttpBindings };

/** `/s/<secret>/<name>`: the content of a share link. Every other secret is answered alike, and seldom. */
export function linkApp({ host, links, clock }: WebOptions, limits: GuestLimits): Hono<Env> {
  const app = new Hono<Env>();
  const answer = async (c: Context<Env>) => {
    const link = links.find(c.req.param('secret') ?? '');
    const entry = link && host.files.findId(link.fileId);
    if (link === undefined || entry === undefined) {
      if (!limits.allows(remoteOf(c.env.incoming).host, clock.nowMs())) return c.text('', 429);
      return c.text('404: this link has ended, or its file has changed\n', 404);
    }
    const file = { ...entry, path: link.path };
    const conditions = {
      range: c.req.header('range'),
      ifRange: c.req.header('if-range'),
      ifNoneMatch: c.req.header('if-none-match'),
      ifModifiedSince: c.req.header('if-modified-since'),
      download: c.req.query('download') !== undefined,
    };
    try {
      await sendFile(file, fileAnswer(file, conditions), c.env.outgoing, host.files);
    } catch (failure) {
      const { code, message } = asShoalError(failure, 'DISK_FAILED');
      c.header('Content-Type', 'application/json; charset=utf-8');
      return c.body(`${failureJson('files', code, message, 'Try again.')}\n`, statusOf({ code }));
    }
    return RESPONSE_ALREADY_SENT;
  };
  app.get('/:secret', answer);
  app.get('/:secret/:name', answer);
  return app;
}
