/** Releases resources in reverse order of their opening. Safe to run twice, and before all are open. */
export class Closing {
  readonly #steps: (() => Promise<void> | void)[] = [];
  #closed: Promise<void> | undefined;

  get started(): boolean {
    return this.#closed !== undefined;
  }

  /** Registers the release of a resource. After closing has ended, releases at once. */
  add(step: () => Promise<void> | void): void {
    this.#steps.push(step);
    if (this.#closed === undefined) return;
    this.#closed = this.#closed.finally(() => this.#run());
    this.#closed.catch(() => {}); // Reported by the next run(), if any.
  }

  /** Runs all steps, newest first, also after failures. Throws the first failure at the end. */
  run(): Promise<void> {
    this.#closed ??= this.#run();
    return this.#closed;
  }

  async #run(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
