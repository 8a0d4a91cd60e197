import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { UploadStatus } from '../../Model.ts';
import type { ServingDesk } from '../Lanes/Desk/ServingDesk.ts';
import type { ChunkProvider } from '../Ports.ts';

/** Clients being served, for display. */
export function uploadStatus(
  desk: ServingDesk,
  { provider, clock }: { readonly provider: ChunkProvider; readonly clock: Clock },
): readonly UploadStatus[] {
  return desk.serving().flatMap(({ meter, fileId, path, label }) => {
    if (label === undefined || fileId === undefined) return [];
    const bytesPerSecond = meter.bytesPerSecond(clock.nowMs());
    return [{ peer: label, path: path ?? provider.pathOf(fileId) ?? '', bytes: meter.total, bytesPerSecond }];
  });
}
