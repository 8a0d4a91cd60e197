import type { ConsoleCommand } from '../Command.ts';
import { clusterItem, clusterText } from '../Views/ClusterViews.ts';
import { trackerItem } from '../Views/Items.ts';
import { trackersText } from '../Views/StatusViews.ts';

export const tracker: ConsoleCommand = {
  group: 'Network',
  usage: [''],
  summary: 'the tracker: address, state, time of its last answer; the trackers of its cluster',
  examples: ['tracker'],
  needsNetwork: true,
  oneShot: 'own form', // Without a running peer `shoal tracker` runs a tracker.
  async run(_call, { controls, signal }) {
    const trackers = controls.trackers();
    const connected = trackers.some(({ state }) => state === 'connected');
    const clusters = trackers.some(({ cluster }) => cluster !== undefined)
      ? await controls.clusters(signal)
      : [];
    const report = connected ? [] : ['', ...controls.examination.discoveryReport()];
    return {
      items: trackers.map(trackerItem),
      data: { clusters: clusters.map(clusterItem) },
      text: (style) => {
        const described = clusters.map((cluster) => `\n${clusterText(cluster, style)}`);
        return [trackersText(trackers, style), ...described, ...report].join('\n').trimEnd();
      },
    };
  },
};
