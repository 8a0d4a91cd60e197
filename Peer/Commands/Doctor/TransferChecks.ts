import type { CommandForm } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { DownloadStatus, StallCause } from '../../DownloadModel.ts';
import type { DiskSpeed } from '../../ShareModel.ts';
import type { TransferMeasurement } from '../Ports.ts';
import { formatDuration, formatRate } from '../Views/HumanUnits.ts';
import { bad, type DiagnosisFacts, type Finding, fine } from './Finding.ts';

/** Share of a limit from which it is what bounds the transfer. */
const NEARLY = 0.85;
/** Share of a core for the main thread from which the processor is the bound. */
const BUSY = 0.9;

/** Causes that end by themselves, or that the user has chosen. */
const HARMLESS: readonly StallCause['code'][] = [
  'turn',
  'same-content',
  'connecting',
  'describing',
  'queued',
  'asked',
  'limited',
  'finishing',
  'paused',
];

/** Checks of the speed from a peer, and of stalled downloads. */
export function transferChecks(
  { measured, downloads }: DiagnosisFacts,
  command: CommandForm,
): readonly Finding[] {
  return [
    speedCheck(measured.transfer, measured.disk, command),
    ...downloads.flatMap((download) => downloadCheck(download, command)),
  ];
}

function speedCheck(test: TransferMeasurement | undefined, disk: DiskSpeed, command: CommandForm): Finding {
  if (test === undefined) return fine('speed', 'not tested: no other peer shares a file of 1 MiB or more');
  const name = safeText(test.peer.name);
  if (test.failure !== undefined)
    return bad(
      'speed',
      `${name} cannot be tested: ${safeText(test.failure)}`,
      `Its state: ${command('peers')}`,
    );
  if (test.bytes === 0) return silentCheck(name, test);
  return fine('speed', `${formatRate(rateOf(test))} from ${name}; the bound is ${boundOf(name, test, disk)}`);
}

function silentCheck(name: string, { queue, seconds, limit }: TransferMeasurement): Finding {
  const within = `within ${formatDuration(seconds * 1_000)}`;
  if (limit !== undefined) return fine('speed', `no byte from ${name} ${within}: ${limitText(limit)}`);
  if (queue !== undefined) {
    const place = queue.of === undefined ? `${queue.place}` : `${queue.place} of ${queue.of}`;
    return fine('speed', `${name} serves others now: this peer is at place ${place} in its queue`);
  }
  const text = `linked to ${name}, but no byte of a file came ${within}`;
  return bad('speed', text, 'A firewall, a VPN or a small MTU on the way may stop large packets.');
}

/** The part that slows the transfer; the first of several that are near their limit. */
function boundOf(name: string, test: TransferMeasurement, disk: DiskSpeed): string {
  const { limit, busy } = test;
  const rate = rateOf(test);
  if (limit !== undefined && rate >= limit * NEARLY) return limitText(limit);
  if (disk.bytesPerSecond !== undefined && disk.bytesPerSecond < rate)
    return `this disk, which writes ${formatRate(disk.bytesPerSecond)}`;
  if (busy >= BUSY) return `this processor, which is ${Math.min(100, Math.round(busy * 100))} % busy with it`;
  return `the network, or ${name}: its disk, its limits, its other downloaders`;
}

function limitText(limit: number): string {
  return `the download limit of ${formatRate(limit)}`;
}

function rateOf({ bytes, seconds }: TransferMeasurement): number {
  return bytes / Math.max(seconds, 0.001);
}

function downloadCheck(
  { number, path, state, cause, error }: DownloadStatus,
  command: CommandForm,
): Finding[] {
  const name = safeText(path);
  if (state === 'failed') {
    const hint = error?.hintFor(command) ?? `Try again: ${command(`resume ${number}`)}`;
    return [bad('download', `${name} failed: ${safeText(error?.message ?? '')}`, safeText(hint))];
  }
  if (cause === undefined || HARMLESS.includes(cause.code)) return [];
  return [
    bad(
      'download',
      `${name} is stalled: ${safeText(cause.text)}`,
      `Its sources: ${command(`downloads ${number}`)}`,
    ),
  ];
}
