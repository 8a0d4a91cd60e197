import { renderUnicodeCompact } from 'uqr';
import { formatAddress } from '../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { CommandCall, CommandContext, ConsoleCommand } from '../Command.ts';
import { usageError } from '../Line/Usage.ts';
import type { PeerControls, WebAccess } from '../Ports.ts';
import { formatDate } from '../Views/HumanUnits.ts';
import { baseName } from '../Views/Items.ts';
import { type LinkItem, linkItem, linksText } from '../Views/LinkViews.ts';
import { nextCommand, type ViewStyle } from '../Views/ViewStyle.ts';
import { hostForOthers } from './Whoami.ts';

const DAYS_DEFAULT = 7;
const DAYS_MAX = 365;
const DAY_MS = 86_400_000;

export const link: ConsoleCommand = {
  group: 'Files',
  usage: ['<file> [--days <n>]', '', '--revoke <number>'],
  summary: 'an address with a secret for one file of the share; alone: the addresses that are valid',
  details: [
    'Anyone with the address can take the file with a browser, until the link ends or is revoked.',
    'In a private network this is the only way for others in. It uses HTTPS with a certificate of this peer:',
    'a browser warns once; compare the fingerprint that web shows.',
  ],
  examples: ['link film.mkv', 'link film.mkv --days 1', 'link', 'link --revoke 1'],
  flags: [
    {
      name: '--days',
      value: '<n>',
      summary: `days until it ends, 1 to ${DAYS_MAX} (default: ${DAYS_DEFAULT})`,
    },
    { name: '--revoke', value: '<number>', summary: 'end this link now' },
  ],
  completes: [(sources) => sources.local()],
  oneShot: 'running peer',
  async run(call, context) {
    const { controls } = context;
    const web = requireWeb(controls);
    const itemOf = addressesOf(controls, web);
    const revoked = call.values.get('--revoke');
    const [what] = call.args;
    if (revoked !== undefined && call.args.length > 0) throw usageError(call, '--revoke takes no file');
    if (call.values.has('--days') && what === undefined) throw usageError(call, '--days needs a file');
    if (revoked !== undefined) {
      const ended = await web.links.revoke(numberOf(revoked, call, 'a share link', 1e9));
      return { items: [itemOf(ended)], text: () => `The link to ${baseName(ended.path)} has ended` };
    }
    if (what === undefined) {
      const items = web.links.list().map(itemOf);
      return { items, text: (style) => linksText(items, style) };
    }
    return create(what, call, context, itemOf, web);
  },
};

async function create(
  what: string,
  call: CommandCall,
  { controls, scanned }: CommandContext,
  itemOf: (link: Parameters<typeof linkItem>[0]) => LinkItem,
  web: WebAccess,
) {
  await scanned();
  const days = numberOf(
    call.values.get('--days') ?? String(DAYS_DEFAULT),
    call,
    `a number of days from 1 to ${DAYS_MAX}`,
    DAYS_MAX,
  );
  const content = controls.pushing.findLocal(what);
  if (!controls.localFiles().some(({ fileId }) => fileId === content.fileId))
    throw new ShoalError('NOT_FOUND', `${what} is not complete yet`, {
      hint: (command) => `See: ${command('downloads')}`,
    });
  const item = itemOf(await web.links.create(content, days * DAY_MS));
  return {
    items: [item],
    text: (style: ViewStyle) =>
      [
        item.address,
        // Without a terminal no line is too wide, and no code is scanned.
        ...(Number.isFinite(style.width) ? ['', renderUnicodeCompact(item.address)] : []),
        '',
        `Valid until ${formatDate(Date.parse(String(item.expires)))}. End it: ${nextCommand(style, `link --revoke ${item.number}`)}`,
      ].join('\n'),
  };
}

function requireWeb({ web }: PeerControls): WebAccess {
  if (web !== undefined) return web;
  throw new ShoalError('NOT_FOUND', 'this peer answers no HTTP', {
    hint: 'Start it without --no-http (or http = off).',
  });
}

/** In the open network everybody can read the share anyway: a plain address needs no warning of the browser. */
function addressesOf(controls: PeerControls, web: WebAccess) {
  const scheme = controls.privateNetwork === undefined ? 'http' : 'https';
  const base = `${scheme}://${formatAddress({ host: hostForOthers(controls), port: controls.self.port })}`;
  return (made: Parameters<typeof linkItem>[0]) => linkItem(made, base + web.pathOf(made));
}

function numberOf(text: string, call: CommandCall, what: string, max: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > max) throw usageError(call, `"${text}" is not ${what}`);
  return number;
}
