import { Hono } from 'hono';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import type { MetalinkMaker } from '../Metalink/MetalinkMaker.ts';
import type { WebCall, WebEnv, WebOptions } from '../Ports.ts';
import { answering, type RefusalStyle, tooManyRequests } from './Refusal.ts';
import { answerFile } from './SendFile.ts';

const REFUSAL: RefusalStyle = {
  command: 'by-id',
  code: 'DISK_FAILED',
  hint: 'From any peer of the network: /network/ID',
};

/** `/by-id/<id>/<name>`: files of the share by their content, and with `?sha256` their SHA-256. */
export function byIdApp(
  { host: { files } }: WebOptions,
  limits: GuestLimits,
  metalinks: Pick<MetalinkMaker, 'headers'>,
): Hono<WebEnv> {
  const answer = (c: WebCall) =>
    answering(c, REFUSAL, async () => {
      const id = c.req.param('id') as FileId;
      const entry = files.findId(id);
      if (entry === undefined) throw new ShoalError('NOT_FOUND', 'this peer does not share the file');
      if (c.req.query('sha256') === undefined) return answerFile(c, entry, files, metalinks);
      if (!limits.allows(c.env.incoming)) return tooManyRequests(c, REFUSAL);
      return c.json(await files.digest(id, c.req.raw.signal));
    });
  const app = new Hono<WebEnv>();
  app.get('/:id{[0-9a-f]{64}}', answer);
  app.get('/:id{[0-9a-f]{64}}/:name', answer);
  return app;
}
