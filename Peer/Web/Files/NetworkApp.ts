import { Hono } from 'hono';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import { METALINK_TYPE } from '../Metalink/Metalink.ts';
import type { MetalinkMaker } from '../Metalink/MetalinkMaker.ts';
import type { WebEnv, WebOptions } from '../Ports.ts';
import { answering, type RefusalStyle, tooManyRequests } from './Refusal.ts';
import { answerFile, clientOf } from './SendFile.ts';
import { decodedPath } from './ServedPath.ts';

const REFUSAL: RefusalStyle = {
  command: 'network',
  code: 'UNREACHABLE',
  hint: 'By id or name: /network/ID or /network/NAME. Find both: /api/v1/search?q=WORDS',
};

/**
 * `/network/<id>/<name>` and `/network/<path>`: any file of the network, sent while it is fetched and verified.
 * `/network/<id>.meta4`: its Metalink document.
 */
export function networkApp(
  { host }: WebOptions,
  limits: GuestLimits,
  metalinks: MetalinkMaker,
): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  app.use(async (c, next) => (limits.allows(c.env.incoming) ? next() : tooManyRequests(c, REFUSAL)));
  app.get('/:document{[0-9a-f]{64}\\.meta4}', (c) =>
    answering(c, REFUSAL, async () => {
      const id = c.req.param('document').slice(0, -'.meta4'.length) as FileId;
      const xml = await metalinks.document(id, clientOf(c), c.req.raw.signal);
      return c.body(xml, 200, { 'Content-Type': METALINK_TYPE, 'Cache-Control': 'no-cache' });
    }),
  );
  app.get('/*', (c) =>
    answering(c, REFUSAL, async () => {
      const what = wanted(c.req.path);
      if (what === undefined) throw new ShoalError('USAGE', 'the address names no file');
      const file = await host.network.open(what, clientOf(c).client.host, c.req.raw.signal);
      try {
        const { send } = file;
        const files = { send: (_: unknown, ...range: Parameters<typeof send>) => send(...range) };
        return await answerFile(c, file, files, metalinks);
      } finally {
        file.close();
      }
    }),
  );
  return app;
}

/** The id, or the path, in an address; undefined: none. */
function wanted(address: string): string | undefined {
  const what = decodedPath(address.replace(/^\/network\/?/, ''));
  const [, id = what] = /^([0-9a-f]{64})(?:\/|$)/i.exec(what ?? '') ?? [];
  if (id === undefined || id === '') return undefined;
  return id === what ? what : id.toLowerCase();
}
