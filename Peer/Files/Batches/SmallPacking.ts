import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
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
const KINDS = ['written', 'wrong', 'failed'] as const;

export function packJob({ bytes, files }: SmallJob): Packed {
  const texts: string[] = [];
  const numbers = new Float64Array(2 * files.length);
  for (const [index, { fileId, to, size, offset }] of files.entries()) {
    texts.push(fileId ?? NONE, to);
    numbers[2 * index] = size;
    numbers[2 * index + 1] = offset;
  }
  return { bytes, texts: texts.join(BETWEEN), numbers };
}

export function unpackJob({ bytes, texts: joined, numbers }: Packed): SmallJob {
  const texts = joined.split(BETWEEN);
  const files: SmallTarget[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    files.push({
      fileId: (texts[at] || undefined) as FileId | undefined,
      to: texts[at + 1] ?? '',
      size: numbers[at] ?? 0,
      offset: numbers[at + 1] ?? 0,
    });
  }
  return { bytes, files };
}

export function packReply({ bytes, outcomes }: SmallReply): Packed {
  const texts: string[] = [];
  const numbers = new Float64Array(4 * outcomes.length);
  for (const [index, outcome] of outcomes.entries()) {
    numbers[4 * index] = KINDS.indexOf(outcome.kind);
    if (outcome.kind === 'failed') texts.push(outcome.code);
    if (outcome.kind !== 'written') continue;
    const { device, content, changed, size, modifiedMs, touchedMs } = outcome.state;
    texts.push(device, content, changed, outcome.hash ?? NONE);
    numbers[4 * index + 1] = size;
    numbers[4 * index + 2] = modifiedMs;
    numbers[4 * index + 3] = touchedMs;
  }
  return { bytes, texts: texts.join(BETWEEN), numbers };
}

export function unpackReply({ bytes, texts: joined, numbers }: Packed): SmallReply {
  const texts = joined.split(BETWEEN);
  const outcomes: SmallWritten[] = [];
  let next = 0;
  const text = () => texts[next++] ?? '';
  let lastDevice = '';
  for (let at = 0; at < numbers.length; at += 4) {
    const kind = KINDS[numbers[at] ?? 0];
    if (kind === 'wrong') outcomes.push({ kind });
    else if (kind === 'failed') outcomes.push({ kind, code: text() });
    else {
      const device = text();
      if (device !== lastDevice) lastDevice = device; // Nearly all files are on one device: its text is shared.
      const state = {
        size: numbers[at + 1] ?? 0,
        modifiedMs: numbers[at + 2] ?? 0,
        touchedMs: numbers[at + 3] ?? 0,
        device: lastDevice,
        content: text(),
        changed: text(),
      };
      outcomes.push({ kind: 'written', state, hash: (text() || undefined) as ChunkHash | undefined });
    }
  }
  return { bytes, outcomes };
}
