import type { Account } from '../Accounts.ts';

/** One fresh receiver: a large file, then a folder of small ones. CPU of the yardstick in seconds. */
export interface Round {
  readonly yardstick: { readonly large: number; readonly small: number };
  readonly large: Sides;
  readonly small: Sides;
  /** Bytes that the receiver hashed in its life. */
  readonly hashed: number;
}

interface Sides {
  readonly giver: Account;
  readonly receiver: Account;
}

/** Bytes of the large file; bytes and number of the small ones. */
export interface Payload {
  readonly large: number;
  readonly small: number;
  readonly files: number;
}

/**
 * The figures that are held against limits, by name. Of the rounds the least counts: what disturbs a machine only ever adds,
 * what we do too much of is in every round.
 */
export function figuresOf(
  rounds: readonly Round[],
  hashedByGiver: number,
  payload: Payload,
): Record<string, number> {
  const least = (pick: (round: Round) => number) => Math.min(...rounds.map(pick));
  const mebibytes = payload.large / 2 ** 20;
  const yardstick = {
    large: least((round) => round.yardstick.large),
    small: least((round) => round.yardstick.small),
  };
  const cpu = (sides: Sides) => sides.giver.cpuSeconds + sides.receiver.cpuSeconds;
  return {
    'bytes read by the giver, of the file': least((round) => round.large.giver.bytesRead) / payload.large,
    'bytes written by the giver, of the file':
      least((round) => round.large.giver.bytesWritten) / payload.large,
    'bytes read by the receiver, of the file':
      least((round) => round.large.receiver.bytesRead) / payload.large,
    'bytes written by the receiver, of the file':
      least((round) => round.large.receiver.bytesWritten) / payload.large,
    'bytes hashed by the giver, of its share': hashedByGiver / (payload.large + payload.small),
    'bytes hashed by the receiver, of what it fetched':
      least((round) => round.hashed) / (payload.large + payload.small),
    'reads of the giver per MiB': least((round) => round.large.giver.reads) / mebibytes,
    'writes of the giver per MiB': least((round) => round.large.giver.writes) / mebibytes,
    'reads of the receiver per MiB': least((round) => round.large.receiver.reads) / mebibytes,
    'writes of the receiver per MiB': least((round) => round.large.receiver.writes) / mebibytes,
    'reads and writes of the giver per small file':
      least(({ small }) => small.giver.reads + small.giver.writes) / payload.files,
    'reads and writes of the receiver per small file':
      least(({ small }) => small.receiver.reads + small.receiver.writes) / payload.files,
    'peak MiB of the giver': least((round) => round.small.giver.peakMiB),
    'peak MiB of the receiver': least((round) => round.small.receiver.peakMiB),
    'CPU of both for the large file, of a plain copy': least((round) => cpu(round.large)) / yardstick.large,
    'CPU of both for the small files, of plain copies': least((round) => cpu(round.small)) / yardstick.small,
  };
}
