import type { ConsoleCommand } from '../Command.ts';
import { coverageItem } from '../Views/ClusterViews.ts';
import { plural } from '../Views/HumanUnits.ts';
import { peerItem } from '../Views/Items.ts';
import { peersText } from '../Views/StatusViews.ts';

export const refresh: ConsoleCommand = {
  aliases: ['update'],
  group: 'Network',
  usage: [''],
  summary: 'scan the share again, publish it again, and fetch the list of peers',
  examples: ['refresh'],
  needsNetwork: true,
  oneShot: 'any peer',
  async run(_call, { controls, signal }) {
    const found = await controls.refresh(signal);
    const published = controls
      .trackers()
      .some(({ state, heldVersion, version }) => state === 'connected' && heldVersion === version);
    const facts = `${plural(controls.share().files, 'file')}; ${plural(found.peers.length, 'other peer')}`;
    const head = published ? `UPDATE_OK: announced ${facts}` : `Announced ${facts}`;
    return {
      items: found.peers.map(peerItem),
      data: { reply: published ? 'UPDATE_OK' : null, ...coverageItem(found) },
      text: (style) => (found.peers.length === 0 ? head : `${head}\n\n${peersText(found, style)}`),
    };
  },
};
