/** Counts what is under way, and lets others wait until nothing is. Costs a number as long as nobody waits. */
export class UnderWay {
  #count = 0;
  #waiting: (() => void)[] | undefined;

  get any(): boolean {
    return this.#count > 0;
  }

  begin(): void {
    this.#count++;
  }

  /** To be called once for each `begin`. */
  end(): void {
    this.#count--;
    if (this.#count > 0) return;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const resolve of waiting) resolve();
  }

  /** Resolves when nothing is under way: now, or when the last of it ends. */
  settled(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }
}
