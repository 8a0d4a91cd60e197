import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import type { FileState } from '../Disk/FileState.ts';
import type { SmallJob, SmallReply, SmallTarget, SmallWritten } from './SmallWriting.ts';

/**
 * A job or reply as it is posted between threads, in columns: numbers in one array, texts in one string. Structured
 * cloning of one object per file costs more than the hash of a small file; one string per text costs half of that.
 */
export interface Packed {
  readonly bytes: Uint8Array;
  /** Separated by NUL, which no path contains. */
  readonly texts: string;
  readonly numbers: Float64Array;
}

const BETWEEN = '\0';
/** Stands for an undefined id or hash. */
const NONE = '';
/** Numbers of a file in a job, and of an outcome in a reply. */
const JOB_NUMBERS = 4;
const REPLY_NUMBERS = 5;
const KINDS = ['written', 'wrong', 'failed'] as const;

export function packJob({ bytes, files }: SmallJob): Packed {
  const texts: string[] = [];
  const numbers = new Float64Array(JOB_NUMBERS * files.length);
  for (const [index, { fileId, to, size, offset, modifiedMs, executable }] of files.entries()) {
    texts.push(fileId ?? NONE, to);
    numbers.set([size, offset, modifiedMs ?? Number.NaN, executable ? 1 : 0], JOB_NUMBERS * index);
  }
  return { bytes, texts: texts.join(BETWEEN), numbers };
}

export function unpackJob({ bytes, texts: joined, numbers }: Packed): SmallJob {
  const texts = joined.split(BETWEEN);
  const files: SmallTarget[] = [];
  for (let index = 0; index < numbers.length / JOB_NUMBERS; index++) {
    const [size = 0, offset = 0, modifiedMs, runs] = numbers.subarray(JOB_NUMBERS * index);
    files.push({
      fileId: (texts[2 * index] || undefined) as FileId | undefined,
      to: texts[2 * index + 1] ?? '',
      size,
      offset,
      modifiedMs: Number.isNaN(modifiedMs) ? undefined : modifiedMs,
      executable: runs === 1 ? true : undefined,
    });
  }
  return { bytes, files };
}

export function packReply({ bytes, outcomes }: SmallReply): Packed {
  const texts: string[] = [];
  const numbers = new Float64Array(REPLY_NUMBERS * outcomes.length);
  for (const [index, outcome] of outcomes.entries()) {
    numbers[REPLY_NUMBERS * index] = KINDS.indexOf(outcome.kind);
    if (outcome.kind === 'failed') texts.push(outcome.code);
    if (outcome.kind !== 'written') continue;
    const { device, inode, mtimeNs, ctimeNs, size, modifiedMs, touchedMs, executable } = outcome.state;
    texts.push(device, `${inode}`, `${mtimeNs}`, `${ctimeNs}`, outcome.hash ?? NONE);
    numbers.set([size, modifiedMs, touchedMs, executable ? 1 : 0], REPLY_NUMBERS * index + 1);
  }
  return { bytes, texts: texts.join(BETWEEN), numbers };
}

export function unpackReply({ bytes, texts: joined, numbers }: Packed): SmallReply {
  const texts = joined.split(BETWEEN);
  const outcomes: SmallWritten[] = [];
  let next = 0;
  const text = () => texts[next++] ?? '';
  let lastDevice = '';
  for (let at = 0; at < numbers.length; at += REPLY_NUMBERS) {
    const kind = KINDS[numbers[at] ?? 0];
    if (kind === 'wrong') outcomes.push({ kind });
    else if (kind === 'failed') outcomes.push({ kind, code: text() });
    else {
      const device = text();
      if (device !== lastDevice) lastDevice = device; // Nearly all files are on one device: its text is shared.
      const state: FileState = {
        ...(numbers[at + 4] === 1 ? { executable: true } : {}),
        size: numbers[at + 1] ?? 0,
        modifiedMs: numbers[at + 2] ?? 0,
        touchedMs: numbers[at + 3] ?? 0,
        device: lastDevice,
        inode: BigInt(text()),
        mtimeNs: BigInt(text()),
        ctimeNs: BigInt(text()),
      };
      outcomes.push({ kind: 'written', state, hash: (text() || undefined) as ChunkHash | undefined });
    }
  }
  return { bytes, outcomes };
}
