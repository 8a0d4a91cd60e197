import { LIMIT_SCOPES } from '../../Shared/Rates.ts';
import { safeText } from '../../Shared/SafeText.ts';
import { usageError } from './CommandCall.ts';
import type { CommandHandler } from './CommandResult.ts';
import { readLimit, readScope } from './RateText.ts';
import { limitItem } from './Views/Items.ts';
import { limitsText } from './Views/LimitViews.ts';

/** `limit`, `limit up 20M`, `limit down off`, `limit up lan 50M` */
export const limit: CommandHandler = async (call, { controls }) => {
  const [first = '', ...rest] = call.args;
  const direction = first.toLowerCase();
  if (direction !== '') {
    if (direction !== 'up' && direction !== 'down')
      throw usageError(call.spec, `"${safeText(first)}" is neither up nor down`);
    const [rate, where = 'total'] = rest.toReversed();
    if (rate === undefined || (rest.length === 1 && readScope(rate) !== undefined))
      throw usageError(call.spec, `limit ${call.args.join(' ')} needs a rate, or off`);
    const scope = readScope(where);
    if (scope === undefined)
      throw usageError(call.spec, `"${safeText(where)}" is none of ${LIMIT_SCOPES.join(', ')}`);
    controls.setLimits(direction, { [scope]: readLimit(rate) });
  }
  const limits = controls.limits();
  const total = limits.find(({ scope }) => scope === 'total');
  return {
    data: { up: total?.up ?? null, down: total?.down ?? null },
    items: limits.map(limitItem),
    text: (style) => limitsText(limits, style),
  };
};
