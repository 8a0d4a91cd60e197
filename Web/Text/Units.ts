import { language } from './Language.ts';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes in powers of 1,000 with at most one decimal, as the console shows them. */
export function bytesText(bytes: number): string {
  let power = 0;
  let value = bytes;
  while (value >= 999.5 && power < UNITS.length - 1) {
    value /= 1_000;
    power++;
  }
  const digits = power === 0 || value >= 99.95 ? 0 : 1;
  const number = value.toLocaleString(language.value, { maximumFractionDigits: digits });
  return `${number} ${UNITS[power]}`;
}

export function rateText(bytesPerSecond: number): string {
  return `${bytesText(bytesPerSecond)}/s`;
}

/** A duration in its two largest units: 1 h 5 min. */
export function timeText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Part of a whole, rounded down so that 100 % means complete. */
export function percentText(part: number, whole: number): string {
  const percent = whole === 0 ? 100 : Math.floor((part / whole) * 100);
  return `${Math.min(100, Math.max(0, percent))} %`;
}

export function dateText(iso: string | null): string {
  const date = new Date(iso ?? '');
  if (Number.isNaN(date.getTime())) return '';
  return date.toLocaleDateString(language.value, { dateStyle: 'medium' });
}

export function numberText(number: number): string {
  return number.toLocaleString(language.value);
}

/** A time of the day, to the second. @param unixSeconds - seconds since 1970 */
export function clockText(unixSeconds: number): string {
  return new Date(unixSeconds * 1_000).toLocaleTimeString(language.value);
}

/** `7 days` in the language of the user. */
export function daysText(days: number): string {
  return new Intl.NumberFormat(language.value, { style: 'unit', unit: 'day', unitDisplay: 'long' }).format(
    days,
  );
}
