const NOW = Promise.resolve();

/** Runs a task when the current turn of work is over. As queueMicrotask, at a fifth of its price: Node wraps that in a resource of its own. */
export function soon(task: () => void): void {
  void NOW.then(task);
}
