import { LIMIT_SCOPES } from '../../../Shared/Network/Rates.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { ConsoleCommand } from '../Command.ts';
import { nothing } from '../Line/Arguments.ts';
import { readLimit, readScope, unknownScope } from '../Line/RateText.ts';
import { usageError } from '../Line/Usage.ts';
import { limitItem } from '../Views/Items.ts';
import { limitsText } from '../Views/LimitViews.ts';

export const limit: ConsoleCommand = {
  group: 'Network',
  usage: ['', 'up|down <rate|off>', 'up|down lan|loopback|elsewhere <rate|off>'],
  summary: 'upload and download limits; with a rate: sets one until the peer ends',
  details: [
    'A rate is in bytes per second, like 500k, 20M (20,000,000) or 1.5G; off removes the limit.',
    'With a class of networks the limit applies to peers there: lan (private addresses and the networks of this ' +
      'computer), loopback (this computer), elsewhere. A transfer obeys the limit of its class and the total.',
    'Limits from the start: --upload-limit 20M,lan=50M, or the same in the config file.',
  ],
  examples: ['limit', 'limit up 20M', 'limit down lan 50M', 'limit up off'],
  completes: [() => ['up', 'down'], () => LIMIT_SCOPES, nothing],
  oneShot: 'running peer',
  async run(call, { controls }) {
    const [first = '', ...rest] = call.args;
    const direction = first.toLowerCase();
    if (direction !== '') {
      if (direction !== 'up' && direction !== 'down')
        throw usageError(call, `"${safeText(first)}" is neither up nor down`);
      const [rate, where = 'total'] = rest.toReversed();
      if (rate === undefined || (rest.length === 1 && readScope(rate) !== undefined))
        throw usageError(call, `limit ${call.args.join(' ')} needs a rate, or off`);
      const scope = readScope(where);
      if (scope === undefined) throw unknownScope(where);
      controls.limits.set({ [direction]: { [scope]: readLimit(rate) } });
    }
    const limits = controls.limits.status();
    const total = limits.find(({ scope }) => scope === 'total');
    return {
      data: { up: total?.up ?? null, down: total?.down ?? null },
      items: limits.map(limitItem),
      text: (style) => limitsText(limits, style),
    };
  },
};
