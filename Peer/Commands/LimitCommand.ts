import { safeText } from '../../Shared/SafeText.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { usageError } from './CommandCall.ts';
import type { CommandHandler } from './CommandResult.ts';
import { formatRate, parseRate } from './Views/HumanUnits.ts';

/** `limit`, `limit up 20M`, `limit down off` */
export const limit: CommandHandler = async (call, { controls }) => {
  const [word, rate] = call.args;
  if (word !== undefined) {
    const direction = word.toLowerCase();
    if (direction !== 'up' && direction !== 'down')
      throw usageError(call.spec, `"${safeText(word)}" is neither up nor down`);
    if (rate === undefined) throw usageError(call.spec, `limit ${direction} needs a rate, or off`);
    controls.setLimits({ [direction]: readLimit(rate) });
  }
  const { up, down } = controls.limits();
  return {
    data: { up: up ?? null, down: down ?? null },
    text: () => `Upload: ${limitText(up)}\nDownload: ${limitText(down)}`,
  };
};

/** Undefined: no limit. @throws ShoalError USAGE */
function readLimit(text: string): number | undefined {
  if (/^(off|none|no)$/i.test(text)) return undefined;
  try {
    return parseRate(text);
  } catch (failure) {
    throw new ShoalError('USAGE', `"${safeText(text)}" is not a rate`, {
      hint: 'Use bytes a second such as 500k, 60M or 1.5G, or off for no limit.',
      cause: failure,
    });
  }
}

function limitText(rate: number | undefined): string {
  return rate === undefined ? 'no limit' : `at most ${formatRate(rate)}`;
}
