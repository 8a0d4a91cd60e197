import { existsSync } from 'node:fs';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import type { WebEnv, WebOptions } from './Ports.ts';

/** Seconds that a browser keeps the files of the page, whose names contain their hash. */
const ASSETS_AGE_S = 31_536_000;

/** The page: `index.html` and `assets/` of the built folder; for curl, a list of addresses. */
export function pageApp({ pageDir, host }: WebOptions): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  // Without a built page, every address has its answer for curl.
  const page = existsSync(pageDir) ? serveStatic({ root: pageDir }) : async () => undefined;
  app.get('/', async (c, next) => {
    if (c.req.header('accept')?.includes('text/html') === true) {
      c.header('Cache-Control', 'no-cache');
      const answer = await page(c, next);
      if (answer !== undefined) return answer;
    }
    return c.text(overview(host.port, c.req.header('host') ?? 'localhost'));
  });
  app.get('/assets/*', async (c, next) => {
    c.header('Cache-Control', `public, max-age=${ASSETS_AGE_S}, immutable`);
    return (await page(c, next)) ?? c.notFound();
  });
  return app;
}

function overview(port: number, host: string): string {
  return [
    `This is a Shoal peer on TCP port ${port}.`,
    `Its files:   curl http://${host}/files/`,
    `One of them: curl -OJ http://${host}/files/NAME`,
    `A folder:    curl -o folder.zip "http://${host}/files/FOLDER/?format=zip"`,
    `Of any peer: curl -OJ http://${host}/network/NAME`,
    `The API:     curl http://${host}/api/v1/openapi.json`,
    '',
  ].join('\n');
}
