/**
 * Draws whole functions, methods and constants at random until they have `lines` lines together: `path:from-to`, as
 * Stryker takes it. The same seed draws the same ones from the same sources.
 * @param {readonly { path: string, text: string }[]} sources
 * @param {number} lines
 * @param {number} seed
 */
export function sampleUnits(sources, lines, seed) {
  const random = chance(seed);
  const units = sources.flatMap(({ path, text }) =>
    unitsOf(text).map((unit) => ({ path, ...unit, place: random() })),
  );
  const drawn = [];
  let left = lines;
  for (const { path, from, to } of units.toSorted((a, b) => a.place - b.place)) {
    if (left <= 0) break;
    drawn.push(`${path}:${from}-${to}`);
    left -= to - from + 1;
  }
  return drawn;
}

/**
 * Line ranges (from 1, both ends included) of the top-level declarations and, for classes, of their members:
 * formatted code ends each in a line with the indentation of its first line.
 * @param {string} text
 */
function unitsOf(text) {
  const units = [];
  let inClass = false;
  let start;
  for (const [at, line] of text.split('\n').entries()) {
    const indent = inClass ? '  ' : '';
    if (inClass && line.startsWith('}')) inClass = false;
    else if (start === undefined && !inClass && /^(export )?(abstract )?class\b.*\{$/.test(line))
      inClass = true;
    else if (
      start === undefined &&
      new RegExp(`^${indent}[\\w#@]`).test(line) &&
      !/^(import|export \{)/.test(line)
    ) {
      if (line.endsWith(';')) units.push({ from: at + 1, to: at + 1 });
      else start = at + 1;
    } else if (start !== undefined && new RegExp(`^${indent}[\\])}][^{(\\[]*$`).test(line)) {
      units.push({ from: start, to: at + 1 });
      start = undefined;
    }
  }
  return units;
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function chance(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
