import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { ConsoleCommand } from '../Command.ts';
import { baseName, offerItem } from '../Views/Items.ts';
import { offerNumber, pendingOffers } from './Accept.ts';

export const reject: ConsoleCommand = {
  group: 'Downloads',
  usage: ['<number>', ''],
  summary: 'reject an offer of another peer; alone: the pending offers',
  examples: ['reject', 'reject 1'],
  oneShot: 'running peer',
  async run(call, context) {
    const [which] = call.args;
    if (which === undefined) return pendingOffers(context);
    const offer = context.controls.pushing.reject(offerNumber(which, call));
    const text = `Rejected ${safeText(baseName(offer.path))} from ${safeText(offer.peer.name)}`;
    return { items: [offerItem(offer)], text: () => text };
  },
};
