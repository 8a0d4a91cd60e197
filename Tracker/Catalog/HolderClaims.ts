import type { ContentHolders, Holding } from './SharedFiles.ts';

interface Claim {
  complete: boolean;
  size: number;
}

/** Weighs what the holders of one content claim about it. */
export class HolderClaims {
  readonly #firstSize: number;
  readonly #byOwner = new Map<number, Claim>();
  #earliestMs = Number.POSITIVE_INFINITY;
  #executable = 0;
  #complete = 0;

  /** @param firstSize - the size claimed first */
  constructor(firstSize: number) {
    this.#firstSize = firstSize;
  }

  /** @param size - undefined: as claimed first. @param modifiedMs - 0: unknown */
  add(
    owner: number,
    complete: boolean,
    size: number | undefined,
    modifiedMs: number,
    executable: boolean,
  ): void {
    const known = this.#byOwner.get(owner);
    if (known === undefined) this.#byOwner.set(owner, { complete, size: size ?? this.#firstSize });
    else if (complete && !known.complete) Object.assign(known, { complete, size: size ?? this.#firstSize });
    if (!complete) return;
    this.#complete++;
    if (executable) this.#executable++;
    if (modifiedMs > 0) this.#earliestMs = Math.min(this.#earliestMs, modifiedMs);
  }

  /** Undefined without holders. @param count - the number of holders, when not all were added */
  result(count: number | undefined): ContentHolders | undefined {
    if (this.#byOwner.size === 0) return undefined;
    const holders: Holding[] = [];
    for (const complete of [true, false]) {
      for (const [owner, claim] of this.#byOwner)
        if (claim.complete === complete) holders.push({ owner, ...claim });
    }
    return {
      size: this.#usualSize(holders),
      count: count ?? holders.length,
      holders,
      ...(Number.isFinite(this.#earliestMs) ? { modifiedMs: this.#earliestMs } : {}),
      ...(this.#executable * 2 > this.#complete ? { executable: true } : {}),
    };
  }

  /** The claim of a complete holder counts; that of a partial one only without a complete one. */
  #usualSize(holders: readonly Holding[]): number {
    const weights = new Map<number, number>([[this.#firstSize, 0]]);
    const anyComplete = holders[0]?.complete;
    for (const { size, complete } of holders) {
      if (complete === anyComplete) weights.set(size, (weights.get(size) ?? 0) + 1);
    }
    let best = this.#firstSize;
    for (const [size, weight] of weights) if (weight > (weights.get(best) ?? 0)) best = size;
    return best;
  }
}
