import type { ConsoleCommand } from '../Command.ts';
import { clusterItem } from '../Views/ClusterViews.ts';
import { isActive } from '../Views/DownloadTexts.ts';
import {
  downloadItem,
  healthItem,
  limitItem,
  peerItem,
  shareItem,
  trackerItem,
  uploadItem,
} from '../Views/Items.ts';
import { type StatusFacts, statusText } from '../Views/StatusViews.ts';
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
    const { self, host, share, totals } = facts;
    return {
      data: {
        id: self.peerId,
        name: self.name,
        host,
        port: self.port,
        privateNetwork: facts.privateNetwork ?? null,
        trackers: facts.trackers.map(trackerItem),
        clusters: facts.clusters.map(clusterItem),
        share: shareItem(share),
        peers: facts.peers.map(peerItem),
        downloads: all.map(downloadItem),
        uploads: facts.uploads.map(uploadItem),
        limits: facts.limits.map(limitItem),
        network: healthItem(facts.health, self.port),
        sent: totals.sent,
        received: totals.received,
        uptimeMs: Math.round(totals.uptimeMs),
      },
      text: (style) => statusText(facts, style, flags.has('--verbose')),
    };
  },
};
