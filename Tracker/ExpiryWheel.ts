/** Deadlines are rounded up to whole steps of this many milliseconds. */
export const EXPIRY_STEP_MS = 1_000;

const NOTHING: readonly never[] = [];

/**
 * Finds who has fallen silent without looking at everybody. A deadline that moves is only written down by its owner;
 * it is looked at once, when the old one comes, and put back.
 */
export class ExpiryWheel<T> {
  readonly #deadlineOf: (item: T) => number | undefined;
  readonly #slots = new Map<number, T[]>();
  #nextStep: number | undefined;

  /** @param deadlineOf - when the item is due, in milliseconds; undefined: it is gone already */
  constructor(deadlineOf: (item: T) => number | undefined) {
    this.#deadlineOf = deadlineOf;
  }

  /** Takes in an item with a deadline, once. */
  add(item: T): void {
    const deadline = this.#deadlineOf(item);
    if (deadline === undefined) return;
    const step = Math.max(Math.ceil(deadline / EXPIRY_STEP_MS), this.#nextStep ?? -Infinity);
    this.#nextStep ??= step;
    if (step < this.#nextStep) this.#nextStep = step;
    const slot = this.#slots.get(step);
    if (slot === undefined) this.#slots.set(step, [item]);
    else slot.push(item);
  }

  /** Takes out everything that is due. */
  due(nowMs: number): readonly T[] {
    const last = Math.floor(nowMs / EXPIRY_STEP_MS);
    if (this.#nextStep === undefined || this.#nextStep > last) return NOTHING;
    const due: T[] = [];
    for (; this.#nextStep !== undefined && this.#nextStep <= last; this.#nextStep++) {
      if (this.#slots.size === 0) {
        this.#nextStep = undefined;
        break;
      }
      const slot = this.#slots.get(this.#nextStep) ?? [];
      this.#slots.delete(this.#nextStep);
      for (const item of slot) {
        const deadline = this.#deadlineOf(item);
        if (deadline === undefined) continue;
        if (Math.ceil(deadline / EXPIRY_STEP_MS) <= this.#nextStep) due.push(item);
        else this.add(item);
      }
    }
    return due;
  }
}
