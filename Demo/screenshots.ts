import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { Closing } from '../Shared/Async/Closing.ts';
import { DemoNetwork } from './DemoNetwork.ts';
import { LECTURE, startWebDemo } from './WebDemo.ts';

/**
 * `npm run screenshots`: takes the pictures of README and guide from the page of the running demo, with the Chromium of
 * CHROMIUM_PATH or Debian's.
 */

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const VIEWPORT = { width: 1_200, height: 740 };
/** Share of the lecture that has arrived when its pictures are taken. */
const SHOWN_PART = 0.3;
const POLL_MS = 200;
const SETTLE_MS = 800;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => stop.abort(new Error('interrupted')));
const opened = new Closing();
try {
  await takePictures(stop.signal);
} finally {
  await opened.run();
}
process.exit(0);

async function takePictures(signal: AbortSignal): Promise<void> {
  const network = await DemoNetwork.open(opened);
  const { own, others, address } = await startWebDemo(network, signal);
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  opened.add(() => browser.close());
  const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: 'light', locale: 'en-GB' });
  const picture = async (name: string) => {
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: `${IMAGES}${name}.png`, animations: 'disabled' });
    process.stdout.write(`docs/images/${name}.png\n`);
  };
  await page.goto(address);
  await page.getByRole('searchbox').fill('holiday');
  await page.getByText('harbour at noon.png').waitFor();
  await picture('web-files');

  const [lecture] = LECTURE.split('/').slice(-1);
  for (const peer of [own, ...others.slice(1)]) await peer.run(`download "${lecture}" --no-wait`, signal);
  await page.goto(new URL('/#/downloads', address).href);
  for (;;) {
    const [download] = await own.downloads(signal);
    if (download !== undefined && download.bytes >= download.size * SHOWN_PART) break;
    await page.waitForTimeout(POLL_MS);
  }
  await page.getByText('Details').first().click();
  await picture('web-downloads');
  await page
    .getByRole('link', { name: /^Swarm/ })
    .first()
    .click();
  await page.getByText('marta').first().waitFor();
  await picture('web-swarm');
}
