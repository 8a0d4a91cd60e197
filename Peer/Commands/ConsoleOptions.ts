import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../Shared/Clock.ts';
import type { PeerControls } from './Ports.ts';

export interface ConsoleOptions {
  readonly controls: PeerControls;
  readonly input: Readable;
  /** Results. */
  readonly output: Writable;
  /** Diagnostics. */
  readonly errorOutput: Writable;
  readonly clock: Clock;
  /** Input and output are both a terminal: prompt, history, live progress. Else: a script, line by line. */
  readonly isTerminal: boolean;
  /** Columns of the output's terminal now; undefined when it is none: nothing is cut to fit. */
  width(): number | undefined;
  /** Rows of that terminal now; left out: a usual one. */
  height?(): number | undefined;
  /** Colours on the output; never for a pipe or NO_COLOR. */
  readonly color: boolean;
  /** Colours on the error output. Default: as on the output. */
  readonly errorColor?: boolean;
  /** Where typed lines are kept between runs, absolute; undefined: nowhere. */
  readonly historyFile?: string | undefined;
  /** It begins with the numbered menu. */
  readonly menu?: boolean;
  /** Stacks of unexpected errors. */
  readonly verbose?: boolean;
}
