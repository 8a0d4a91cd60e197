import { formatBytes } from '../../../Shared/Text/FormatBytes.ts';

export { formatBytes };

/** `12.3 MB/s` */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`. */
export function formatDuration(milliseconds: number): string {
  const tenths = Math.round(Math.max(0, milliseconds) / 100);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(tenths / 10);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Time left in whole seconds, so that the line does not flicker; undefined while unknown. */
export function formatTimeLeft(seconds: number | undefined): string | undefined {
  if (seconds === undefined || !Number.isFinite(seconds)) return undefined;
  return seconds < 10 ? `${Math.ceil(Math.max(0, seconds))} s` : formatDuration(seconds * 1_000);
}

/** Whole percent, rounded down: 100 only when nothing is missing. An empty file is complete. */
export function percent(bytes: number, size: number): number {
  return size <= 0 ? 100 : Math.max(0, Math.min(100, Math.floor((bytes / size) * 100)));
}

/** A bar of `width` columns. @param done - in percent */
export function bar(done: number, width: number): string {
  const filled = Math.floor((done / 100) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** `1,234,567` */
export function formatCount(count: number): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `3 files`, `1 file`, `no files`; `nouns` is the plural where an `s` does not form it. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  if (count === 0) return `no ${nouns}`;
  return `${formatCount(count)} ${count === 1 ? noun : nouns}`;
}

/** `2026-11-20 14:05` in the local time zone; '' for an invalid time. */
export function formatDate(wallMs: number): string {
  const date = new Date(wallMs);
  if (Number.isNaN(date.getTime())) return '';
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function two(value: number): string {
  return value.toString().padStart(2, '0');
}
