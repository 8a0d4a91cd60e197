import { LIMIT_SCOPES, type LimitScope, type Rates } from '../../../Shared/Network/Rates.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';

/** Synonyms of scopes. */
const SYNONYMS: Readonly<Record<string, LimitScope>> = {
  all: 'total',
  local: 'loopback',
  internet: 'elsewhere',
};
const OFF = /^(off|none|no)$/i;

/** `lan`; undefined for an unknown word. */
export function readScope(text: string): LimitScope | undefined {
  const word = text.toLowerCase();
  return (
    LIMIT_SCOPES.find((scope) => scope === word) ??
    (Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined)
  );
}

/**
 * Reads a rate: `60M` is 60,000,000 bytes per second. Accepts `k`, `M`, `G` in either case, decimals, and a final `B`
 * or `B/s`.
 * @throws ShoalError USAGE
 */
export function parseRate(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)\s*([kmg]?)(?:b?(?:\/s)?)$/i.exec(text.trim());
  const factor = { '': 1, k: 1e3, m: 1e6, g: 1e9 }[match?.[2]?.toLowerCase() ?? ''] ?? 1;
  const rate = match === null ? 0 : Math.round(Number(match[1]) * factor);
  if (rate >= 1 && Number.isSafeInteger(rate)) return rate;
  throw new ShoalError('USAGE', `"${safeText(text)}" is not a rate`, {
    hint: 'Use bytes per second such as 500k, 60M or 1.5G, or off for no limit.',
  });
}

/**
 * A rate that a user types; undefined for `off`. A number below 1,000 without a unit is refused.
 * @throws ShoalError USAGE
 */
export function readLimit(text: string): number | undefined {
  if (OFF.test(text)) return undefined;
  if (/^\d{1,3}$/.test(text) && Number(text) > 0) {
    throw new ShoalError('USAGE', `limit "${text}" has no unit: it means ${text} bytes per second`, {
      hint: `Use ${text}M for megabytes per second, ${text}k for kilobytes, or off for no limit.`,
    });
  }
  return parseRate(text);
}

/** Start values: `60M`, `lan=50M`, or several with commas, added to `before`. @throws ShoalError USAGE */
export function readRates(text: string, before: Rates | undefined): Rates {
  let rates = before ?? {};
  for (const part of text.split(',')) {
    const [, word = 'total', rate = ''] = /^(?:([^=]*)=)?(.*)$/.exec(part.trim()) ?? [];
    const scope = readScope(word.trim());
    if (scope === undefined) throw unknownScope(word);
    rates = { ...rates, [scope]: readLimit(rate) };
  }
  return rates;
}

export function unknownScope(word: string): ShoalError {
  return new ShoalError('USAGE', `"${safeText(word)}" is not a class of networks`, {
    hint: `Use one of ${LIMIT_SCOPES.join(', ')}.`,
  });
}
