/** Resolution of deadlines; they are rounded up. */
export const EXPIRY_STEP_MS = 1_000;

/** Items examined for each one that may be due: many deadlines were postponed. */
const EXAMINED_PER_DUE = 64;

const NOTHING: readonly never[] = [];

/**
 * Finds expired items without a scan of all. A postponed deadline costs nothing here: the item is read again when the
 * old deadline passes, and put back.
 */
export class ExpiryWheel<T> {
  readonly #deadlineOf: (item: T) => number | undefined;
  readonly #slots = new Map<number, T[]>();
  #nextStep: number | undefined;
  /** Items of that step that were examined. */
  #at = 0;
  #isBehind = false;

  /** @param deadlineOf - the current deadline in milliseconds; undefined: the item was removed */
  constructor(deadlineOf: (item: T) => number | undefined) {
    this.#deadlineOf = deadlineOf;
  }

  /** Adds an item. Once only. */
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

  /** Whether `due` has left items because of its limit. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Removes and returns items past their deadline, at most `max`; examines at most EXAMINED_PER_DUE times as many. */
  due(nowMs: number, max = Number.POSITIVE_INFINITY): readonly T[] {
    this.#isBehind = false;
    const last = Math.floor(nowMs / EXPIRY_STEP_MS);
    if (this.#nextStep === undefined || this.#nextStep > last) return NOTHING;
    const due: T[] = [];
    let left = max * EXAMINED_PER_DUE;
    for (; this.#nextStep !== undefined && this.#nextStep <= last; this.#nextStep++) {
      if (this.#slots.size === 0) {
        this.#nextStep = undefined;
        break;
      }
      const slot = this.#slots.get(this.#nextStep) ?? [];
      for (; this.#at < slot.length; this.#at++) {
        const item = slot[this.#at] as T;
        const deadline = this.#deadlineOf(item);
        if (left-- <= 0 || (deadline !== undefined && due.length === max)) {
          this.#isBehind = true;
          return due;
        }
        if (deadline === undefined) continue;
        if (Math.ceil(deadline / EXPIRY_STEP_MS) <= this.#nextStep) due.push(item);
        else this.add(item);
      }
      this.#slots.delete(this.#nextStep);
      this.#at = 0;
    }
    return due;
  }
}
