import type { DownloadState, SourceStatus } from '../Model.ts';
import type { DownloadProgress } from './Download.ts';

/** Why a download does not move: one cause, for people. Undefined: it moves, or has ended. */
export function whyStill(
  { state, retryAtMs, error }: DownloadProgress,
  sources: readonly SourceStatus[],
  bytesPerSecond: number,
  nowMs: number,
): string | undefined {
  if (state === 'paused')
    return retryAtMs === undefined
      ? 'paused'
      : `${diskText(error?.code)}, again in ${secondsText(retryAtMs - nowMs)}`;
  if (state === 'failed') return error?.message;
  if (state === 'waiting') return 'waiting for its turn';
  return bytesPerSecond > 0 ? undefined : whyNoBytes(state, sources);
}

function whyNoBytes(state: DownloadState, sources: readonly SourceStatus[]): string | undefined {
  if (state !== 'searching' && state !== 'describing' && state !== 'fetching') return undefined;
  const usable = sources.filter((source) => source.state !== 'left' && source.state !== 'banned');
  if (usable.length === 0) return 'no source';
  if (usable.some((source) => source.state === 'active')) return undefined;
  const places = usable.flatMap(({ place }) => (place === undefined ? [] : [place]));
  if (places.length > 0) return `queued at ${Math.min(...places)}`;
  return usable.some((source) => source.state === 'snubbed') ? 'snubbed' : 'connecting';
}

function diskText(code: string | undefined): string {
  return code === 'DISK_FULL' ? 'disk full' : 'disk failed';
}

function secondsText(ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 1_000))} s`;
}
