/** First and last chunk, both included. */
export type ChunkRange = readonly [first: number, last: number];

/** Fraction of the chunks here, from 0 to 1, for each of at most `cellsMax` equal parts of a file. */
export function chunkCells(have: readonly ChunkRange[], chunks: number, cellsMax: number): number[] {
  const cells = new Array<number>(Math.min(chunks, cellsMax)).fill(0);
  const perCell = chunks / cells.length;
  for (const [first, last] of have) {
    const to = Math.min(last + 1, chunks);
    for (let cell = Math.floor(first / perCell); cell < cells.length && cell * perCell < to; cell++) {
      const within = Math.min(to, (cell + 1) * perCell) - Math.max(first, cell * perCell);
      if (within > 0) cells[cell] = Math.min(1, (cells[cell] ?? 0) + within / perCell);
    }
  }
  return cells;
}
