import axe from 'axe-core';
import { type Browser, chromium as launcher, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { QUIET_MS } from '../../bench/Programs/LaunchedProgram.ts';
import { events, hits, mockNetwork } from '../Support/MockNetwork.ts';
import { type MockAnswers, type MockPeer, startMockPeer } from '../Support/MockPeer.ts';
import { CHROMIUM_PATH, chromium, title } from '../Support/Requires.ts';

/** The built page in Chromium, with answers of a MockPeer. */

const MISSING = chromium();
const PLACES = [
  '/',
  '/?q=holiday',
  `/?q=packing#/?file=${hits[5]?.id}`,
  '/#/downloads',
  '/#/swarm/x',
  '/#/peers',
  '/#/peer/anna/Holiday',
  '/#/share',
  '/#/doctor',
  '/#/login',
];

let browser: Browser;
/** A page for each language, since a new one costs Chromium a CPU second. */
const pages = new Map<string, Promise<Page>>();
/** Closed at the end of all tests, so that each has an origin, and with it a storage, of its own. */
const peers: MockPeer[] = [];
beforeAll(async () => {
  // Chromium has no sandbox for root.
  if (MISSING === undefined)
    browser = await launcher.launch({ executablePath: CHROMIUM_PATH, args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  await Promise.all(peers.map((peer) => peer.close()));
});

async function open(path: string, answers: MockAnswers = mockNetwork(), locale = 'en-GB') {
  const peer = await startMockPeer(answers, events);
  peers.push(peer);
  if (!pages.has(locale)) pages.set(locale, newPage(locale));
  const page = (await pages.get(locale)) as Page;
  const errors: string[] = [];
  const note = (error: Error) => errors.push(error.message);
  page.on('pageerror', note);
  onTestFinished(() => void page.off('pageerror', note));
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 1_280, height: 800 });
  await visit(page, peer.address + path);
  return { page, peer, errors };
}

async function newPage(locale: string): Promise<Page> {
  const context = await browser.newContext({ locale });
  context.setDefaultTimeout(QUIET_MS);
  return context.newPage();
}

/** Loads the page at an address, also when only the part after `#` differs. */
async function visit(page: Page, address: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(address);
  await page.locator('main h1').first().waitFor();
}

describe.skipIf(MISSING !== undefined)(title('the page in a browser', MISSING), () => {
  test('a search while typing has an address, and one press downloads', async () => {
    const { page, peer, errors } = await open('/');
    await page.getByRole('searchbox').fill('reef');
    await page.getByRole('button', { name: 'Download the reef.mp4' }).click();
    await page.getByText('Download started').waitFor();
    expect(changesOf(peer)).toEqual([{ what: 'POST /api/v1/downloads', body: { what: hits[1]?.id } }]);
    expect(page.url()).toBe(`${peer.address}/?q=reef`);
    await page.reload();
    await page.getByText('the reef.mp4').waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe('reef');
    expect(errors).toEqual([]);
  });

  test('the keyboard alone finds a file, opens its details and closes them', async () => {
    const { page } = await open('/?q=holiday');
    await page.getByText('13 files').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'the reef.mp4' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.locator('a:focus[title*="the reef.mp4"]').waitFor();
    expect(page.url()).toContain('/?q=holiday');
  });

  test('names with markup are text, on every page', async () => {
    const evil = '<img src=x onerror="document.title=1"><b>bold</b>&amp;‮';
    const named = JSON.parse(JSON.stringify(mockNetwork()), (key, value) =>
      ['name', 'path', 'folder', 'text'].includes(key) ? evil : value,
    ) as MockAnswers;
    const answers = { ...named, '/search': { items: hits.map((hit) => ({ ...hit, path: evil })) } };
    const { page, peer } = await open('/', answers);
    for (const path of [
      '/',
      '/?q=x',
      '/#/peers',
      '/#/swarm/x',
      '/#/share',
      '/#/doctor',
      `/#/peer/${encodeURIComponent(evil)}`,
    ]) {
      await visit(page, peer.address + path);
      await page.getByText('<b>bold</b>').first().waitFor();
      expect(await page.locator('img, b').count()).toBe(0);
      expect(await page.title()).toMatch(/Shoal$/);
    }
  });

  test('of 100,000 results few rows are in the document, also while scrolling to the last', async () => {
    const answers = {
      ...mockNetwork(),
      '/search': (query: URLSearchParams) => {
        const from = Number(query.get('from') ?? 0);
        const length = Math.max(0, Math.min(Number(query.get('count')), 100_000 - from));
        const item = (n: number) => ({
          ...hits[0],
          id: (from + n).toString(16).padStart(64, '0'),
          path: `holiday/${from + n}.jpg`,
          sources: [],
        });
        return { items: Array.from({ length }, (_, n) => item(n)) };
      },
    };
    const { page } = await open('/?q=holiday', answers);
    await page.getByText('0.jpg', { exact: true }).waitFor();
    const height = () => page.evaluate<number>('document.documentElement.scrollHeight');
    const toTheEnd = () => page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    for (let before = 0; !(await page.getByText('100,000 files').isVisible()); ) {
      await expect.poll(height).toBeGreaterThan(before);
      before = await height();
      await toTheEnd();
    }
    await toTheEnd();
    await page.getByText('99999.jpg').waitFor();
    expect(await page.locator('.row').count()).toBeLessThan(60);
    await page.evaluate('scrollTo(0, 0)');
    const rows: number[] = [];
    for (let step = 0; step < 40; step++) {
      await page.mouse.wheel(0, 3_000);
      rows.push(await page.locator('.row').count());
    }
    // The number of drawn rows stands for smoothness: time is no measure on a busy machine.
    expect(Math.max(...rows)).toBeLessThan(60);
    expect(await page.evaluate('scrollY')).toBeGreaterThan(10_000);
  });

  test('320 pixels, light, and 1,280, dark: nothing is cut off, and axe finds nothing serious', async () => {
    const { page, peer } = await open('/');
    const become = async (width: number, colorScheme: 'light' | 'dark') => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 700 });
      // Two frames: the first one tells the document its new size, the second one has drawn it.
      await page.evaluate(
        'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))',
      );
    };
    const hidden = () => page.evaluate('document.documentElement.scrollWidth - innerWidth');
    for (const path of PLACES) {
      await visit(page, peer.address + path);
      await page.evaluate(`document.querySelectorAll('main summary').forEach((summary) => summary.click())`);
      await become(320, 'light');
      expect([path, 320, await hidden()]).toEqual([path, 320, 0]);
      expect.soft([path, await seriousFindings(page)]).toEqual([path, []]);
      await become(1_280, 'dark');
      expect([path, 1_280, await hidden()]).toEqual([path, 1_280, 0]);
      // The document is the same; of what axe examines, colours differ.
      expect.soft([path, 'dark', await seriousFindings(page, COLOURS)]).toEqual([path, 'dark', []]);
    }
    // Names often differ at their end only.
    await visit(page, `${peer.address}/?q=number`);
    const end = page.locator('.row .file-name :last-child').getByText('ture, number 7.jpg');
    for (const width of [320, 1_280]) {
      await become(width, 'light');
      await end.waitFor();
      const isWhole = () =>
        end.evaluate(({ scrollWidth, clientWidth, parentElement: name }) => {
          const lines = (name?.clientHeight ?? 0) + 1;
          return scrollWidth <= clientWidth && (name?.scrollHeight ?? lines) <= lines;
        });
      await expect.poll(isWhole).toBe(true);
    }
  });

  test('the user reads the page in a known language, and may choose another', async () => {
    const { page } = await open('/#/downloads', mockNetwork(), 'pt-PT');
    await page.getByText('a descarregar', { exact: true }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('pt');
    await page.getByLabel('Idioma').selectOption('de');
    await page.getByRole('heading', { name: 'In Arbeit' }).waitFor();
  });

  test.each([
    ['de-DE', 'weitergeleitet von nas', 'Andere können sich nicht', 'keiner der beiden Computer'],
    ['pt-PT', 'retransmitido por nas', 'Outros não conseguem ligar-se', 'nenhum dos dois computadores'],
  ])('%s: the relay of a peer, and the reachability of this one', async (locale, relayed, closed, why) => {
    const { page } = await open('/#/peers', mockNetwork(), locale);
    await page.getByRole('link', { name: relayed }).waitFor();
    await page.getByText(closed).waitFor();
    await page.getByRole('navigation').getByRole('link').nth(1).click();
    await page.locator('.state-fetching summary').click();
    await page.getByText(why).waitFor();
    await page.getByRole('rowheader', { name: relayed }).waitFor();
  });

  test('a guest searches and saves, and sees no control of the owner', async () => {
    const { page } = await open('/?q=reef', mockNetwork(false));
    const save = page.getByRole('link', { name: 'Save the reef.mp4' });
    await save.waitFor();
    expect(await save.getAttribute('download')).toBe('the reef.mp4');
    expect(await page.getByRole('button', { name: /^Download/ }).count()).toBe(0);
    const tooShort = { version: 1, ok: false, error: { code: 'USAGE', message: 'too short' } };
    await page.route('**/search?q=r&*', (route) => route.fulfill({ status: 400, json: tooShort }));
    await page.getByRole('searchbox').fill('r');
    await page.getByText('Give two letters or more').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.getByRole('link', { name: 'Downloads' }).click();
    await page.getByText('Only the owner').waitFor();
  });

  test('the doctor shows findings with the next step', async () => {
    const { page } = await open('/#/doctor');
    await page.getByText('1 thing to look at').waitFor();
    await page.getByText('Name one: --tracker HOST').waitFor();
    await page.getByText('Share folder', { exact: true }).waitFor();
    await page.getByText('sudo ufw allow 9001/tcp').waitFor();
  });

  test('the token leaves the address, and is sent with every request', async () => {
    const { page, peer } = await open('/#token=secret-1');
    expect(page.url()).not.toContain('secret');
    const asked = page.waitForRequest(/\/api\/v1\/search/);
    await page.getByRole('searchbox').fill('x');
    expect(await (await asked).headerValue('authorization')).toBe('Bearer secret-1');
    expect(peer.changes).toEqual([]);
    // Opened in the same tab, such an address changes the part behind # only.
    const renewed = page.waitForRequest((request) => request.headers().authorization === 'Bearer secret-3');
    await page.goto(`${peer.address}/?q=x#token=secret-3`);
    await renewed;
    expect(page.url()).toBe(`${peer.address}/?q=x`);
  });

  test('the code that `shoal web` opens is exchanged for the token; a used one is refused with the reason', async () => {
    const answers = { ...mockNetwork(), 'POST /session': { token: 'secret-2' } };
    const { page, peer } = await open('/#code=once-1', answers);
    expect(page.url()).not.toContain('once');
    expect(changesOf(peer)).toEqual([{ what: 'POST /api/v1/session', body: { code: 'once-1' } }]);
    const asked = page.waitForRequest(/\/api\/v1\/search/);
    await page.getByRole('searchbox').fill('x');
    expect(await (await asked).headerValue('authorization')).toBe('Bearer secret-2');
    const used = await open('/#code=once-1', mockNetwork(false));
    await used.page.getByText('Type again on this computer: shoal web').waitFor();
  });

  test('a download is paused; an offer is refused; a chosen file is sent', async () => {
    const { page, peer } = await open('/#/downloads');
    await page.getByRole('button', { name: 'Pause: the reef.mp4' }).click();
    await page.getByRole('link', { name: 'Share' }).click();
    await page.getByRole('button', { name: 'Reject: homework 7.pdf' }).click();
    const file = { name: 'a b#.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') };
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByText('a b#.txt has arrived').waitFor();
    expect(changesOf(peer)).toEqual([
      { what: 'PATCH /api/v1/downloads/5', body: { state: 'paused' } },
      { what: 'DELETE /api/v1/offers/1', body: undefined },
      { what: 'PUT /drop/a%20b%23.txt', body: 'hello' },
    ]);
  });

  test('a guest offers a file, resumes at the offset of the peer, and logs in', async () => {
    const offsets = ['0', '2'];
    const answers = {
      ...mockNetwork(false),
      '/session': { manage: false, login: 'form', name: 'anna', port: 9_001, serves: ['drop'] },
      'PUT /drop/a.txt': () => {
        const offset = offsets.shift();
        return offset === undefined ? { status: 201 } : { status: 308, headers: { 'Upload-Offset': offset } };
      },
    };
    const { page, peer } = await open('/#/share', answers);
    const file = { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') };
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByText('a.txt has arrived').waitFor();
    await page.getByRole('link', { name: 'Log in' }).click();
    await page.getByLabel('Password').fill('correct horse');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL(/#\/$/);
    expect(changesOf(peer)).toEqual([
      { what: 'PUT /drop/a.txt', body: undefined },
      { what: 'PUT /drop/a.txt', body: 'hello' },
      { what: 'PUT /drop/a.txt', body: 'llo' },
      { what: 'POST /api/v1/login', body: { password: 'correct horse' } },
    ]);
  });

  test('the owner creates a share link, and revokes one', async () => {
    const { page, peer } = await open(`/?q=packing#/?file=${hits[5]?.id}`);
    await page.getByLabel('Valid for').selectOption('30');
    await page.getByRole('button', { name: 'Make a link' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Share' }).click();
    await page.getByRole('button', { name: 'End: harbour at dawn.jpg' }).click();
    await expect.poll(() => peer.changes.length).toBe(2);
    expect(changesOf(peer)).toEqual([
      { what: 'POST /api/v1/links', body: { what: hits[5]?.id, days: 30 } },
      { what: 'DELETE /api/v1/links/1', body: undefined },
    ]);
  });
});

function changesOf(peer: Pick<MockPeer, 'changes'>) {
  return peer.changes.map(({ what, body }) => ({ what, body }));
}

/** Rules of axe-core about colours. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** Serious and critical findings of axe-core. @param only - rules; by default all */
async function seriousFindings(page: Page, only?: readonly string[]): Promise<string[]> {
  await page.evaluate(axe.source);
  const options = { resultTypes: ['violations'], ...(only && { runOnly: only }) };
  const found = (await page.evaluate(`axe.run(${JSON.stringify(options)}).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ target }) => target.join(' ')).join(', ')))`)) as string[];
  return found;
}
