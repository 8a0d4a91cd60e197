import type { CommandEvent, CommandResult, LiveText } from './CommandResult.ts';
import type { PeerControls } from './Ports.ts';

/**
 * Specification, completion and handler of one console command. All/Commands.ts names it; parser, help, Tab
 * completion, `shoal`, the shell completion scripts and docs/reference/console.md are derived from it.
 */
export interface ConsoleCommand {
  readonly aliases?: readonly string[];
  readonly group: 'Files' | 'Downloads' | 'Network' | 'Console';
  /**
   * One form per entry: `<required>`, `[optional]`, `<repeated...>`, literal words, `[--flag]`; '' without arguments.
   * The number of arguments that the parser accepts follows from these (see `argumentRange`).
   */
  readonly usage: readonly string[];
  /** One line for the list of commands: lower case, no full stop. */
  readonly summary: string;
  /** Further sentences for `help <command>`. */
  readonly details?: readonly string[];
  /** Lines as a user would type them. */
  readonly examples: readonly string[];
  /** Flags besides `--json`, which every command has. */
  readonly flags?: readonly FlagSpec[];
  /** Candidates for the Tab key by position of the argument; the last entry serves all further arguments. */
  readonly completes?: readonly Completer[];
  /** Waits for a tracker before the command runs, once per console. Default: false. */
  readonly needsNetwork?: boolean;
  readonly oneShot: OneShotForm;
  /** @throws ShoalError */
  run(call: CommandCall, context: CommandContext): Promise<CommandResult>;
}

/**
 * Place in which `shoal <command>` runs the command: in a running peer, else in a temporary one (`any peer`); in a
 * running peer only (`running peer`); through a command of the same name in Cli/Commands (`own form`); or not
 * (`console only`).
 */
type OneShotForm = 'any peer' | 'running peer' | 'own form' | 'console only';

export interface FlagSpec {
  readonly name: `--${string}`;
  /** Placeholder of the value that follows the flag, as `<id>`. Undefined: the flag takes none. */
  readonly value?: `<${string}>`;
  readonly summary: string;
}

/** Candidates for one argument. Called only when Tab is pressed on that argument. */
export type Completer = (sources: CompletionSources) => readonly string[];

/** Names that completion can offer, by kind. */
export interface CompletionSources {
  /** Names and aliases of commands. */
  commands(): readonly string[];
  /** Paths of local files. */
  local(): readonly string[];
  /** Paths and ids that a search or a listing showed. */
  found(): readonly string[];
  peers(): readonly { readonly name: string; readonly address: string }[];
  downloads(): readonly string[];
}

/** A parsed line: a known command, an accepted number of arguments, and flags that the command has. */
export interface CommandCall {
  readonly name: string;
  readonly command: ConsoleCommand;
  readonly args: readonly string[];
  /** Lower case, with their dashes. */
  readonly flags: ReadonlySet<string>;
  /** Values of flags that take one, by flag. */
  readonly values: ReadonlyMap<string, string>;
}

/** Everything a command uses besides its call. */
export interface CommandContext {
  readonly controls: PeerControls;
  /** All commands, for `help`. */
  readonly commands: CommandTable;
  /** Aborts the running command: Ctrl-C, or the console closes. */
  readonly signal: AbortSignal;
  /** A user at a terminal: downloads continue in the background. */
  readonly interactive: boolean;
  /** On the first call, waits until a tracker has answered. */
  networkReady(): Promise<void>;
  /** Waits for the first scan of the share. */
  scanned(): Promise<void>;
  /** Adds names to the candidates for the Tab key. */
  remember(names: readonly string[]): void;
  /** Makes the console print a line when this download ends. */
  watch(number: number): void;
  /** Suppresses that line: the running command reports the end of this download. */
  unwatch(number: number): void;
  /** Items that are shown at most: a list from the network ends there. Absent: all are shown. */
  readonly itemsMax?: number | undefined;
  /** Undefined: the output is not a terminal, so nothing on it can change. */
  readonly live?: LiveText | undefined;
  /** Reports progress while the command runs. */
  readonly report?: (event: CommandEvent) => void;
}

/** Name → command. */
export type CommandTable = Readonly<Record<string, ConsoleCommand>>;
