import type { ShoalError } from '../../Shared/ShoalError.ts';
import type { ViewStyle } from './Views/ViewStyle.ts';

/** Result of a command: the same facts as data and as text. Failures are thrown. */
export interface CommandResult {
  /** Rows of a list, in the shapes of Views/Items.ts. Of a long list they are made when they are read. */
  readonly items?: readonly object[];
  /** Facts that are no list. */
  readonly data?: object;
  /** Safe to print, without a final line end; '' prints nothing. */
  text(style: ViewStyle): string;
  /** The command ran, but the user still has to choose: a failure in a pipe. */
  readonly failure?: ShoalError;
  /** Ends the console. */
  readonly quits?: true;
  /** Switches the console to the numbered menu. */
  readonly opensMenu?: true;
}

/** Progress of a running command. */
export interface CommandEvent {
  /** One line of JSON, with the field `event`. */
  readonly item: object;
  /** The same for people, safe to print. */
  readonly line: string;
  /** Selects `item` over `line`. */
  readonly json: boolean;
}

/** Replaces the text shown before; resolves when the next text is due, or on abort. */
export interface LiveText {
  (text: string): Promise<void>;
  readonly style: () => ViewStyle;
}
