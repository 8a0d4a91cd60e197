import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { PeerControls } from '../Ports.ts';

export interface ConsoleOptions {
  readonly controls: PeerControls;
  readonly input: Readable;
  /** Results. */
  readonly output: Writable;
  /** Diagnostics. */
  readonly errorOutput: Writable;
  readonly clock: Clock;
  /** Whether input and output are a terminal: prompt, history, live progress. Else a script is run line by line. */
  readonly isTerminal: boolean;
  /** Current columns of the terminal; undefined without one: no text is shortened. */
  width(): number | undefined;
  /** Current rows of that terminal. Default: 24. */
  height?(): number | undefined;
  /** Calls back when a stopped process continues (Ctrl-Z, then `fg`). @returns a function that unsubscribes */
  onContinued?(listener: () => void): () => void;
  /** Colours on the output; never for a pipe or NO_COLOR. */
  readonly color: boolean;
  /** Colours on the error output. Default: as on the output. */
  readonly errorColor?: boolean;
  /** File for typed lines, absolute; undefined: they are not kept between runs. */
  readonly historyFile?: string | undefined;
  /** Whether to start with the numbered menu. */
  readonly menu?: boolean;
  /** Whether to print the stacks of unexpected errors. */
  readonly verbose?: boolean;
}
