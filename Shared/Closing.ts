/** Collects what was opened and closes it in reverse order; safe to run twice and half-way. */
export class Closing {
  readonly #steps: (() => Promise<void> | void)[] = [];
  #closed: Promise<void> | undefined;

  get started(): boolean {
    return this.#closed !== undefined;
  }

  /** Registers how to release what was just opened; when closing is over already, releases it now. */
  add(step: () => Promise<void> | void): void {
    this.#steps.push(step);
    if (this.#closed === undefined) return;
    this.#closed = this.#closed.finally(() => this.#run());
    this.#closed.catch(() => {}); // Thrown to whoever calls run() again; nobody has to.
  }

  /** Runs all steps, newest first. One that fails does not stop the others; the first failure is thrown at the end. */
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
