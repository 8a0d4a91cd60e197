import type { Run } from '../Running/Run.ts';
import type { CompletedCommand, CompletedWords } from './CompletionScript.ts';

/** Specification and handler of one `shoal` command. Commands.ts names it. */
export interface ShoalCommand {
  /** Arguments in the notation of commander: `<file> [more...]`. */
  readonly usage: string;
  /** Forms of the arguments as help shows them. Default: `usage` alone. */
  readonly forms?: readonly string[];
  readonly aliases?: readonly string[];
  /** One line for the list of commands: lower case, no full stop. */
  readonly summary: string;
  /** Text below the flags in `shoal help <command>`. */
  readonly details?: string;
  /** Flags of its own in the notation of commander: `-o, --output <dir>` → summary. */
  readonly flags?: Readonly<Record<string, string>>;
  /**
   * Flags of the console command that runs in the end; unknown ones are its to refuse. Undefined: none are passed on.
   */
  readonly passedFlags?: readonly string[];
  /** Has the flags of settings (`--tracker`, `--share` …). Default: true. */
  readonly hasSettings?: boolean;
  /** Kind of word that shells complete after the name. Default: none. */
  readonly completes?: CompletedWords;
  /** @returns the exit code. Undefined: shoal.js has started another program for this name. */
  readonly run?: (invocation: Invocation) => Promise<number>;
}

/** The parsed command line of one `shoal` command. */
export interface Invocation {
  readonly name: string;
  /** Arguments and passed flags, in order. */
  readonly words: readonly string[];
  /** Number of last words that are arguments in any form: those after `--`. */
  readonly literal: number;
  /** Values of the command's own flags. */
  readonly options: {
    readonly output?: string;
    readonly wait?: boolean;
    readonly timeout?: string;
    readonly newest?: boolean;
    readonly other?: string;
    readonly keepGoing?: boolean;
    readonly yes?: boolean;
    readonly password?: boolean;
    /** False: `--no-open`. */
    readonly open?: boolean;
  };
  /** Reads the settings. @throws ShoalError USAGE */
  open(): Promise<Run>;
  /** All commands, for completion scripts. */
  completed(): readonly CompletedCommand[];
}
