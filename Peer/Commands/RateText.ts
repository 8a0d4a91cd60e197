import { LIMIT_SCOPES, type LimitScope, type Rates } from '../../Shared/Rates.ts';
import { safeText } from '../../Shared/SafeText.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { parseRate } from './Views/HumanUnits.ts';

/** Other words for what a limit holds for. */
const ALSO: Readonly<Record<string, LimitScope>> = { all: 'total', local: 'loopback', internet: 'elsewhere' };

/** `lan`; undefined when it names no scope. */
export function readScope(text: string): LimitScope | undefined {
  const word = text.toLowerCase();
  return LIMIT_SCOPES.find((scope) => scope === word) ?? (Object.hasOwn(ALSO, word) ? ALSO[word] : undefined);
}

/** A rate, or undefined for `off`. @throws ShoalError USAGE */
export function readLimit(text: string): number | undefined {
  if (/^(off|none|no)$/i.test(text)) return undefined;
  if (/^\d{1,3}$/.test(text) && Number(text) > 0) {
    throw new ShoalError('USAGE', `"${text}" would be ${text} bytes a second`, {
      hint: `Say ${text}M for megabytes a second, ${text}k for kilobytes, or off for no limit.`,
    });
  }
  try {
    return parseRate(text);
  } catch (failure) {
    throw new ShoalError('USAGE', `"${safeText(text)}" is not a rate`, {
      hint: 'Use bytes a second such as 500k, 60M or 1.5G, or off for no limit.',
      cause: failure,
    });
  }
}

/** Start values: `60M`, `lan=50M`, or several with commas, added to those said before. @throws ShoalError USAGE */
export function readRates(text: string, before: Rates | undefined): Rates {
  let rates = before ?? {};
  for (const part of text.split(',')) {
    const [, word = 'total', rate = ''] = /^(?:([^=]*)=)?(.*)$/.exec(part.trim()) ?? [];
    const scope = readScope(word.trim());
    if (scope === undefined) {
      throw new ShoalError('USAGE', `"${word}" is nothing that a limit can hold for`, {
        hint: `It is one of ${LIMIT_SCOPES.join(', ')}, like lan=50M.`,
      });
    }
    rates = { ...rates, [scope]: /^(off|none|no)$/i.test(rate) ? undefined : parseRate(rate) };
  }
  return rates;
}
