import type { ConsoleCommand } from '../Command.ts';
import { isActive } from '../Views/DownloadTexts.ts';
import { type StatusFacts, statusItem, statusText } from '../Views/StatusViews.ts';
import { hostForOthers } from './Whoami.ts';

export const status: ConsoleCommand = {
  aliases: ['info'],
  group: 'Network',
  usage: ['[--verbose]'],
  summary: 'overview: this peer, its tracker, share and transfers',
  examples: ['status', 'status --verbose'],
  flags: [{ name: '--verbose', summary: 'also how bytes get to other peers' }],
  needsNetwork: true,
  oneShot: 'any peer',
  async run({ flags }, { controls, signal }) {
    const all = controls.downloads.list();
    const facts: StatusFacts = {
      self: controls.self,
      privateNetwork: controls.privateNetwork,
      host: hostForOthers(controls),
      trackers: controls.trackers(),
      clusters: controls.trackers().some(({ cluster }) => cluster !== undefined)
        ? await controls.clusters(signal)
        : [],
      share: controls.share(),
      peers: controls.knownPeers(),
      downloads: {
        active: all.filter((download) => isActive(download.state)).length,
        done: all.filter((download) => download.state === 'done').length,
        other: all.filter((download) => download.state === 'paused' || download.state === 'failed').length,
      },
      uploads: controls.uploads(),
      limits: controls.limits.status(),
      totals: controls.totals(),
      health: controls.networkHealth(),
    };
    return {
      data: statusItem(facts, all),
      text: (style) => statusText(facts, style, flags.has('--verbose')),
    };
  },
};
