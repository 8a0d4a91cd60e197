import type { Bitfield } from '../../Protocol/Bitfield.ts';
import { chunkLayout } from '../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import type { PeerContact, SwarmMember, SwarmStatus } from '../Model.ts';

/** One peer of a swarm, as far as is known. */
export interface SwarmFacts {
  /** Undefined: this peer. */
  readonly peer: PeerContact | undefined;
  /** Undefined: some of it, nobody knows how much. */
  readonly have: Bitfield | 'all' | undefined;
  /** Bytes a second by which it grows. */
  readonly bytesPerSecond: number;
  /** What it gives us, and what we give it. */
  readonly giving: number;
  readonly taking: number;
  readonly linked: boolean;
}

/** Who has how much of a file, how safe it is, and when all have it. */
export function summarizeSwarm(
  file: { readonly fileId: FileId; readonly path: string; readonly size: number },
  facts: readonly SwarmFacts[],
): SwarmStatus {
  const { size } = file;
  const { chunkCount, chunkBytes } = chunkLayout(size);
  const members = facts.map(({ have, ...fact }): SwarmMember => {
    const chunks = have === undefined ? undefined : have === 'all' || have.complete ? chunkCount : have.count;
    const complete = chunks === chunkCount;
    const bytes = chunks === undefined ? undefined : complete ? size : Math.min(size, chunks * chunkBytes);
    return { ...fact, chunks, bytes, complete };
  });
  const copies = copiesOf(
    facts.flatMap(({ have }) => have ?? []),
    chunkCount,
  );
  const { secondsLeft, waitsFor } = timeLeft(members, size);
  const complete = members.filter((member) => member.complete).length;
  return { ...file, chunkCount, members, complete, ...copies, secondsLeft, waitsFor };
}

/** Copies of the rarest chunk, and of all on average. */
function copiesOf(all: readonly (Bitfield | 'all')[], chunkCount: number): { rarest: number; mean: number } {
  const whole = all.filter((have) => have === 'all' || have.complete).length;
  if (chunkCount === 0) return { rarest: whole, mean: whole };
  const copies = new Uint16Array(chunkCount);
  let sum = 0;
  for (const have of all) {
    if (have === 'all' || have.complete) continue;
    sum += have.count;
    for (const [at, byte] of have.page(0, Math.ceil(have.size / 8)).entries()) {
      if (byte === 0) continue;
      for (let bit = 0; bit < 8; bit++)
        if ((byte & (0x80 >> bit)) !== 0) copies[at * 8 + bit] = (copies[at * 8 + bit] ?? 0) + 1;
    }
  }
  const rarest = copies.reduce((least, count) => Math.min(least, count), Number.POSITIVE_INFINITY);
  return { rarest: whole + rarest, mean: whole + sum / chunkCount };
}

/** The slowest decides. Somebody who does not grow makes it unknown, and is named. */
function timeLeft(
  members: readonly SwarmMember[],
  size: number,
): { secondsLeft: number | undefined; waitsFor: SwarmMember | undefined } {
  let secondsLeft: number | undefined = 0;
  let waitsFor: SwarmMember | undefined;
  for (const member of members) {
    if (member.complete || member.bytes === undefined) continue;
    if (member.bytesPerSecond <= 0) return { secondsLeft: undefined, waitsFor: member };
    const seconds = (size - member.bytes) / member.bytesPerSecond;
    if (seconds < secondsLeft) continue;
    secondsLeft = seconds;
    waitsFor = member;
  }
  return { secondsLeft, waitsFor };
}
