import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { stateOfColumns } from '../Disk/FileState.ts';
import type { SmallJob, SmallReply, SmallTarget, SmallWritten } from './SmallWriting.ts';

/**
 * A job or reply as it is posted between threads, in columns: numbers in arrays, texts in one string. Structured
 * cloning of one object per file costs more than the hash of a small file; one string per text costs half of that.
 */
export interface PackedJob {
  readonly bytes: Uint8Array;
  /** Separated by NUL, which no path contains. */
  readonly texts: string;
  readonly numbers: Float64Array;
}

export interface PackedReply extends PackedJob {
  /** Inode, mtime and ctime. */
  readonly stats: BigInt64Array;
}

const BETWEEN = '\0';
/** Numbers of a file in a job, of an outcome in a reply, and its stats. */
const JOB_NUMBERS = 4;
const REPLY_NUMBERS = 3;
const STATS = 3;
const KINDS = ['written', 'wrong', 'failed'] as const;

export function packJob({ bytes, files }: SmallJob): PackedJob {
  const texts: string[] = [];
  const numbers = new Float64Array(JOB_NUMBERS * files.length);
  let at = 0;
  for (const { file, to } of files) {
    const { fileId, size, offset, modifiedMs, executable } = file;
    texts.push(fileId, to);
    numbers[at++] = size;
    numbers[at++] = offset;
    numbers[at++] = modifiedMs ?? Number.NaN;
    numbers[at++] = executable ? 1 : 0;
  }
  return { bytes, texts: texts.join(BETWEEN), numbers };
}

export function unpackJob({ bytes, texts: joined, numbers }: PackedJob): SmallJob {
  const texts = joined.split(BETWEEN);
  const files: SmallTarget[] = [];
  for (let index = 0; index < numbers.length / JOB_NUMBERS; index++) {
    const at = JOB_NUMBERS * index;
    const modifiedMs = numbers[at + 2];
    const file = {
      fileId: (texts[2 * index] ?? '') as FileId,
      size: numbers[at] ?? 0,
      offset: numbers[at + 1] ?? 0,
      modifiedMs: Number.isNaN(modifiedMs) ? undefined : modifiedMs,
      executable: numbers[at + 3] === 1 ? (true as const) : undefined,
    };
    files.push({ file, to: texts[2 * index + 1] ?? '' });
  }
  return { bytes, files };
}

export function packReply({ bytes, outcomes }: SmallReply): PackedReply {
  const texts: string[] = [];
  const numbers = new Float64Array(REPLY_NUMBERS * outcomes.length);
  const stats = new BigInt64Array(STATS * outcomes.length);
  for (const [index, outcome] of outcomes.entries()) {
    numbers[REPLY_NUMBERS * index] = KINDS.indexOf(outcome.kind);
    if (outcome.kind === 'failed') texts.push(outcome.code);
    if (outcome.kind !== 'written') continue;
    const { device, inode, mtimeNs, ctimeNs, size, executable } = outcome.state;
    texts.push(device, outcome.hash);
    numbers[REPLY_NUMBERS * index + 1] = size;
    numbers[REPLY_NUMBERS * index + 2] = executable ? 1 : 0;
    stats[STATS * index] = inode;
    stats[STATS * index + 1] = mtimeNs;
    stats[STATS * index + 2] = ctimeNs;
  }
  return { bytes, texts: texts.join(BETWEEN), numbers, stats };
}

export function unpackReply({ bytes, texts: joined, numbers, stats }: PackedReply): SmallReply {
  const texts = joined.split(BETWEEN);
  const outcomes: SmallWritten[] = [];
  let next = 0;
  const text = () => texts[next++] ?? '';
  let lastDevice = '';
  for (let index = 0; index < numbers.length / REPLY_NUMBERS; index++) {
    const at = REPLY_NUMBERS * index;
    const kind = KINDS[numbers[at] ?? 0];
    if (kind === 'wrong') outcomes.push({ kind });
    else if (kind === 'failed') outcomes.push({ kind, code: text() });
    else {
      const device = text();
      if (device !== lastDevice) lastDevice = device; // Nearly all files are on one device: its text is shared.
      const state = stateOfColumns(
        numbers[at + 2] === 1,
        numbers[at + 1] ?? 0,
        lastDevice,
        BigInt.asUintN(64, stats[STATS * index] ?? 0n),
        stats[STATS * index + 1] ?? 0n,
        stats[STATS * index + 2] ?? 0n,
      );
      outcomes.push({ kind: 'written', state, hash: text() as ChunkHash });
    }
  }
  return { bytes, outcomes };
}
