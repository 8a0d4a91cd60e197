const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** Formats bytes for display, decimal: `999 B`, `1.5 GB`, `123 MB`. At most three digits and a point. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let prefix = 0;
  // 999.5 would round to four digits: it is 1.0 of the next unit.
  while (value >= 999.5 && prefix < PREFIXES.length - 1) {
    value /= 1_000;
    prefix++;
  }
  const decimals = prefix > 0 && value < 99.95 ? 1 : 0;
  return `${value.toFixed(decimals)} ${PREFIXES[prefix]}B`;
}
