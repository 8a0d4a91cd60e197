/**
 * The latest entries, at most `max`. A host that has few loses none: of each host the latest are kept, up to one number
 * for all. So nobody pushes out the entries of others.
 *
 * @param entries - the oldest first; the result has their order
 */
export function fairShare<T>(entries: readonly T[], hostOf: (entry: T) => string, max: number): readonly T[] {
  if (entries.length <= max) return entries;
  const surplus = new Map<string, number>();
  for (const entry of entries) surplus.set(hostOf(entry), (surplus.get(hostOf(entry)) ?? 0) + 1);
  const each = shareOfEach([...surplus.values()], max);
  for (const [host, count] of surplus) surplus.set(host, count - each);
  const fair = entries.filter((entry) => {
    const tooMany = surplus.get(hostOf(entry)) ?? 0;
    surplus.set(hostOf(entry), tooMany - 1);
    return tooMany <= 0;
  });
  return fair.slice(-max); // There may be more hosts than places.
}

/** The largest number for which counts that are cut to it make at most `max`, which they exceed; at least 1. */
function shareOfEach(counts: readonly number[], max: number): number {
  let [left, hosts] = [max, counts.length];
  for (const count of counts.toSorted((one, other) => one - other)) {
    if (count * hosts > left) break;
    left -= count;
    hosts--;
  }
  return Math.max(1, Math.floor(left / hosts));
}
