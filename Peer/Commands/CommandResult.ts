import type { ShoalError } from '../../Shared/ShoalError.ts';
import type { CommandCall } from './CommandCall.ts';
import type { PeerControls } from './Ports.ts';
import type { Paint } from './Views/Paint.ts';

/** How results are shown. */
export interface ViewStyle {
  /** Columns of the terminal; `Infinity` when there is none: nothing is cut then. */
  readonly width: number;
  readonly paint: Paint;
  /** Rows that a table shows before it says how many more there are; `Infinity` in a pipe. */
  readonly rowsMax: number;
}

/** What a command gives: the same facts as data and as text. Failures are thrown. */
export interface CommandResult {
  /** For a list: its rows, in the shapes of Items.ts. */
  readonly items?: readonly object[];
  /** For anything else. */
  readonly data?: object;
  /** Safe to print, without a line end at the end; '' prints nothing. */
  text(style: ViewStyle): string;
  /** It worked, but the wish is not fulfilled: counts as a failure in a pipe. */
  readonly failure?: ShoalError;
  /** The console ends. */
  readonly quits?: true;
  /** The console goes on with the numbered menu. */
  readonly opensMenu?: true;
}

/** Something that happens while a command runs. */
export interface CommandEvent {
  /** A line of JSON, with `event`. */
  readonly item: object;
  /** For people, safe to print. */
  readonly line: string;
  /** Which of the two is wanted. */
  readonly json: boolean;
}

/** Shows a text that changes, in the place of the one before, and resolves when the next one is due or the command is to end. */
export interface LiveText {
  (text: string): Promise<void>;
  readonly style: () => ViewStyle;
}

/** What commands need besides their call. */
export interface CommandContext {
  readonly controls: PeerControls;
  /** Ends the running command: Ctrl-C, or the console closes. */
  readonly signal: AbortSignal;
  /** A person at a terminal: downloads go on in the background. */
  readonly interactive: boolean;
  /** Waits until a tracker answered, when called for the first time. */
  networkReady(): Promise<void>;
  /** Waits for the first scan of the share. */
  scanned(): Promise<void>;
  /** Names that may be typed after Tab. */
  remember(paths: readonly string[]): void;
  /** Tells the end of this download as a line when it comes. */
  watch(number: number): void;
  /** The running command tells how it ends: no other line about it. */
  unwatch(number: number): void;
  /** A person watches a terminal; undefined: nothing can change there. */
  readonly live?: LiveText | undefined;
  /** Tells something before the command ends. */
  readonly tell?: (event: CommandEvent) => void;
}

/** @throws ShoalError */
export type CommandHandler = (call: CommandCall, context: CommandContext) => Promise<CommandResult>;

export type CommandHandlers = Record<CommandCall['spec']['name'], CommandHandler>;
