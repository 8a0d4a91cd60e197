/** Counts operations in progress and resolves when none is left. Costs one number without waiters. */
export class UnderWay {
  #count = 0;
  #waiting: (() => void)[] | undefined;

  get any(): boolean {
    return this.#count > 0;
  }

  begin(): void {
    this.#count++;
  }

  /** Called once per `begin`. */
  end(): void {
    this.#count--;
    if (this.#count > 0) return;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const resolve of waiting) resolve();
  }

  /** Resolves when no operation is in progress. */
  settled(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }
}
