import type { FileId } from '../../Protocol/Ids.ts';

/** One of several contents at one path. */
export interface DatedVersion {
  readonly fileId: FileId;
  /** Modification time: the earliest that a copy of it has, because copies are often younger than the original. */
  readonly modifiedMs: number;
  /** Number of peers that list it. */
  readonly copies: number;
}

/** A modification time this far in the future is false, and counts as the oldest. */
const FUTURE_MS = 24 * 60 * 60 * 1_000;

/**
 * Chooses one of several contents at one path: the preferred one, else the newest, then the one with most copies,
 * then the one with the lowest FileId.
 * @param options - `other`: first digits of the id of the preferred content
 */
export function takeVersion<V extends DatedVersion>(
  versions: readonly V[],
  { other, wallMs }: { readonly other?: string | undefined; readonly wallMs: number },
): { readonly taken: V; readonly others: readonly V[] } {
  const ageOf = ({ modifiedMs }: V) => (modifiedMs > wallMs + FUTURE_MS ? 0 : modifiedMs);
  const ordered = [...versions].sort(
    (one, two) => ageOf(two) - ageOf(one) || two.copies - one.copies || (one.fileId < two.fileId ? -1 : 1),
  );
  const preferred =
    other === undefined ? undefined : ordered.find(({ fileId }) => fileId.startsWith(other.toLowerCase()));
  const taken = preferred ?? ordered[0];
  if (taken === undefined) throw new RangeError('a path without content');
  return { taken, others: ordered.filter((version) => version !== taken) };
}
