import type { ConsoleCommand } from '../Command.ts';
import { trackerItem } from '../Views/Items.ts';
import { trackersText } from '../Views/StatusViews.ts';

export const tracker: ConsoleCommand = {
  group: 'Network',
  usage: [''],
  summary: 'the tracker: address, state, time of its last answer',
  examples: ['tracker'],
  needsNetwork: true,
  oneShot: 'own form', // Without a running peer `shoal tracker` runs a tracker.
  async run(_call, { controls }) {
    const trackers = controls.trackers();
    const connected = trackers.some(({ state }) => state === 'connected');
    const report = connected ? [] : ['', ...controls.examination.discoveryReport()];
    return {
      items: trackers.map(trackerItem),
      text: (style) => [trackersText(trackers, style), ...report].join('\n').trimEnd(),
    };
  },
};
