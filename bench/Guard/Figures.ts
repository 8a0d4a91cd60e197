import type { Account } from '../Accounts.ts';

/** Accounts of one fresh receiver: a large file, then a folder of small ones. CPU of the yardstick in seconds. */
export interface Round {
  readonly yardstick: { readonly large: number; readonly small: number };
  readonly large: Sides;
  readonly small: Sides;
  /** Bytes hashed by the receiver since its start. */
  readonly hashed: number;
}

interface Sides {
  readonly sender: Account;
  readonly receiver: Account;
}

/** Bytes of the large file; bytes and number of the small files. */
export interface Payload {
  readonly large: number;
  readonly small: number;
  readonly files: number;
}

/**
 * Computes the figures that have limits, by name. The least of all rounds counts: other work on the machine only
 * adds, while a regression is in every round.
 */
export function figuresOf(
  rounds: readonly Round[],
  hashedBySender: number,
  payload: Payload,
): Record<string, number> {
  const least = (pick: (round: Round) => number) => Math.min(...rounds.map(pick));
  const mebibytes = payload.large / 2 ** 20;
  const yardstick = {
    large: least((round) => round.yardstick.large),
    small: least((round) => round.yardstick.small),
  };
  const cpu = (sides: Sides) => sides.sender.cpuSeconds + sides.receiver.cpuSeconds;
  return {
    'bytes read by the sender, of the file': least((round) => round.large.sender.bytesRead) / payload.large,
    'bytes written by the sender, of the file':
      least((round) => round.large.sender.bytesWritten) / payload.large,
    'bytes read by the receiver, of the file':
      least((round) => round.large.receiver.bytesRead) / payload.large,
    'bytes written by the receiver, of the file':
      least((round) => round.large.receiver.bytesWritten) / payload.large,
    'bytes hashed by the sender, of its share': hashedBySender / (payload.large + payload.small),
    'bytes hashed by the receiver, of what it fetched':
      least((round) => round.hashed) / (payload.large + payload.small),
    'reads of the sender per MiB': least((round) => round.large.sender.reads) / mebibytes,
    'writes of the sender per MiB': least((round) => round.large.sender.writes) / mebibytes,
    'reads of the receiver per MiB': least((round) => round.large.receiver.reads) / mebibytes,
    'writes of the receiver per MiB': least((round) => round.large.receiver.writes) / mebibytes,
    'reads and writes of the sender per small file':
      least(({ small }) => small.sender.reads + small.sender.writes) / payload.files,
    'reads and writes of the receiver per small file':
      least(({ small }) => small.receiver.reads + small.receiver.writes) / payload.files,
    'peak MiB of the sender': least((round) => round.small.sender.peakMiB),
    'peak MiB of the receiver': least((round) => round.small.receiver.peakMiB),
    'CPU of both for the large file, of a plain copy': least((round) => cpu(round.large)) / yardstick.large,
    'CPU of both for the small files, of plain copies': least((round) => cpu(round.small)) / yardstick.small,
  };
}
