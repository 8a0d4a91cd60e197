/** Exit code of a program that a second Ctrl-C ends, as shells report it. */
const KILLED = 130;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Aborted by the first SIGINT (Ctrl-C), SIGTERM or SIGHUP. The second one ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(KILLED);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  // `process.exit` waits for system calls under way, which may hang on a dead network disk. From here on the next
  // signal ends the process without Node's help.
  process.on('exit', () => {
    for (const name of SIGNALS) process.off(name, interrupt);
  });
  return controller.signal;
}

/** Keeps a program running when the reader of its output is gone (EPIPE). */
export function ignoreClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}
