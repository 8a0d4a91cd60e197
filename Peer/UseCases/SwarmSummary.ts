import type { Bitfield } from '../../Protocol/Bitfield.ts';
import { chunkLayout } from '../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import type { SwarmMember, SwarmStatus } from '../Model.ts';

/** Known state of one peer of a swarm. */
export interface SwarmFacts extends Omit<SwarmMember, 'chunks' | 'bytes' | 'complete'> {
  /** Undefined: an unknown part of the file. */
  readonly have: Bitfield | 'all' | undefined;
  /** Size of that part, if it is known. */
  readonly bytes?: number | undefined;
}

/** Summarizes a swarm: completion of every member, number of copies, and time until all have the file. */
export function summarizeSwarm(
  file: { readonly fileId: FileId; readonly path: string; readonly size: number },
  facts: readonly SwarmFacts[],
  finishedAndLeft = 0,
): SwarmStatus {
  const { size } = file;
  const { chunkCount, chunkBytes } = chunkLayout(size);
  const members = facts.map(({ have, bytes: partBytes, ...fact }): SwarmMember => {
    const partChunks = partBytes === undefined ? undefined : Math.floor(partBytes / chunkBytes);
    const chunks =
      have === undefined ? partChunks : have === 'all' || have.complete ? chunkCount : have.count;
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
  return { ...file, chunkCount, members, complete, finishedAndLeft, ...copies, secondsLeft, waitsFor };
}

/** Number of copies of the rarest chunk, and the mean over all chunks. */
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

/** Time until the slowest member is complete; unknown if an incomplete member does not grow. Names that member. */
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
