export type CommandName =
  | 'list'
  | 'search'
  | 'download'
  | 'get'
  | 'downloads'
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'send'
  | 'accept'
  | 'reject'
  | 'parts'
  | 'swarm'
  | 'peers'
  | 'join'
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
export type CompletionKind =
  | 'nothing'
  | 'command'
  | 'place'
  | 'file'
  | 'peer'
  | 'found'
  | 'download'
  | 'direction'
  | 'scope';

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

/** Understood by every command. */
export const JSON_FLAG: FlagSpec = { name: '--json', summary: 'one line of JSON instead of text' };

export const WAIT: FlagSpec = { name: '--wait', summary: 'wait for the end (in a pipe: always)' };
export const NO_WAIT: FlagSpec = { name: '--no-wait', summary: 'only start it, also in a pipe' };
export const PEER_FORMS = 'A peer is ip:port, "ip port", its name, or the start of its id (see: peers).';
export const DOWNLOAD_FORMS =
  'A download is its number, its name, or the start of its file id (see: downloads).';
