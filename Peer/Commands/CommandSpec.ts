export type CommandName =
  | 'list'
  | 'search'
  | 'download'
  | 'get'
  | 'downloads'
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'peers'
  | 'connect'
  | 'refresh'
  | 'status'
  | 'tracker'
  | 'limit'
  | 'whoami'
  | 'menu'
  | 'help'
  | 'quit';

/** What the Tab key offers for an argument. */
export type CompletionKind = 'nothing' | 'command' | 'place' | 'peer' | 'found' | 'download';

export interface FlagSpec {
  readonly name: `--${string}`;
  readonly summary: string;
}

/** Everything about a command but what it does. Drives parsing, help, completion and suggestions. */
export interface CommandSpec {
  readonly name: CommandName;
  readonly aliases: readonly string[];
  readonly group: 'Files' | 'Downloads' | 'Network' | 'Console';
  /** Arguments and flags as shown in help, one form each. */
  readonly usage: readonly string[];
  /** One line. */
  readonly summary: string;
  /** More lines, for `help <command>`. */
  readonly details: readonly string[];
  readonly minArguments: number;
  readonly maxArguments: number;
  /** By position; the last holds for all that follow. */
  readonly completes: readonly CompletionKind[];
  readonly flags: readonly FlagSpec[];
  /** Waits for a tracker before it begins, for the first time. `ls <peer>` asks for that itself. */
  readonly needsNetwork: boolean;
}
