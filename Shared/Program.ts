/** Exit code of a program that a second Ctrl-C ends, as shells report it. */
const KILLED = 130;

/** Aborted by the first SIGINT (Ctrl-C), SIGTERM or SIGHUP. The second one ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(KILLED);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Keeps a program running when the reader of its output is gone (EPIPE). */
export function ignoreClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}
