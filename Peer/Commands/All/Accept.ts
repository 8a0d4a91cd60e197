import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { CommandCall, CommandContext, ConsoleCommand } from '../Command.ts';
import type { CommandResult } from '../CommandResult.ts';
import { usageError } from '../Line/Usage.ts';
import { baseName, offerItem } from '../Views/Items.ts';
import { offersText } from '../Views/PushTexts.ts';

export const accept: ConsoleCommand = {
  group: 'Downloads',
  usage: ['<number> [--always]', ''],
  summary: 'accept an offer of another peer; alone: the pending offers',
  details: ['The file is downloaded like any other. An offer expires after two minutes.'],
  examples: ['accept', 'accept 1', 'accept 1 --always'],
  flags: [{ name: '--always', summary: 'accept all later offers of that peer, too' }],
  oneShot: 'running peer',
  async run(call, context) {
    const [which] = call.args;
    if (which === undefined) return pendingOffers(context);
    const always = call.flags.has('--always');
    const offer = await context.controls.pushing.accept(offerNumber(which, call), always);
    const from = safeText(offer.peer.name);
    const more = always ? `. Later offers of ${from} are accepted without asking` : '';
    const text = `Accepted ${safeText(baseName(offer.path))} from ${from}${more}`;
    return { items: [offerItem(offer)], text: () => text };
  },
};

export function pendingOffers({ controls }: CommandContext): CommandResult {
  const offers = controls.pushing.offers();
  return { items: offers.map(offerItem), text: (style) => offersText(offers, style) };
}

/** @throws ShoalError USAGE */
export function offerNumber(text: string, call: CommandCall): number {
  if (/^#?\d{1,9}$/.test(text)) return Number(text.replace('#', ''));
  throw usageError(call, `"${safeText(text)}" is not the number of an offer`);
}
