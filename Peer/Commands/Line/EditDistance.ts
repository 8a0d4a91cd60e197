/** Optimal string alignment distance: fewest insertions, deletions, replacements and swaps of two neighbours. */
export function editDistance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[other.length] ?? 0;
}

/**
 * Suggests a candidate for a misspelt word: the nearest one with at most a third of its letters wrong, else the first
 * one that begins with the word. Equal distances: the first of them.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 32) return undefined;
  const begun = word.length >= 2 ? candidates.find((candidate) => candidate.startsWith(word)) : undefined;
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    const allowed = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    // One wrong letter of two makes another word, not a misspelling.
    if (distance > allowed || distance >= Math.min(word.length, candidate.length)) continue;
    if (best === undefined || distance < best.distance) best = { candidate, distance };
  }
  return best?.candidate ?? begun;
}
