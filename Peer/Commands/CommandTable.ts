import { nearest } from './EditDistance.ts';

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
  | 'whoami'
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

/** Understood by every command. */
export const JSON_FLAG: FlagSpec = { name: '--json', summary: 'one line of JSON instead of text' };

const WAIT: FlagSpec = { name: '--wait', summary: 'wait for the end (in a pipe: always)' };
const NO_WAIT: FlagSpec = { name: '--no-wait', summary: 'only start it, also in a pipe' };
const PEER_FORMS = 'A peer is ip:port, "ip port", its name, or the start of its id (see: peers).';
const DOWNLOAD_FORMS = 'A download is its number, its name, or the start of its file id (see: downloads).';

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'list',
    aliases: ['ls', 'files'],
    group: 'Files',
    usage: ['[folder]', '<peer> [folder]'],
    summary: 'files shared here and downloads under way; with a peer: what it shares',
    details: [
      'With one argument: a folder of the share if there is one of that name, else a peer.',
      './name or name/ is always a folder; ip:port and "ip port" are always a peer.',
      PEER_FORMS,
    ],
    minArguments: 0,
    maxArguments: 3,
    completes: ['place', 'nothing'],
    flags: [],
    needsNetwork: false,
  },
  {
    name: 'search',
    aliases: ['find'],
    group: 'Files',
    usage: ['<words>'],
    summary: 'find files in the network: how big, who has them',
    details: ['Every word must be in the name; case does not matter.'],
    minArguments: 1,
    maxArguments: 64,
    completes: ['nothing'],
    flags: [],
    needsNetwork: true,
  },
  {
    name: 'download',
    aliases: ['dl'],
    group: 'Downloads',
    usage: ['<file|id|folder/> [--wait]'],
    summary: 'fetch a file from everyone who has it',
    details: [
      'By name, by path, or by the first 8 or more digits of its id (see: search).',
      'A name that ends with / takes the whole folder.',
      'It goes on in the background; with --wait, and in a pipe, the next command waits for its end.',
    ],
    minArguments: 1,
    maxArguments: 1,
    completes: ['found'],
    flags: [WAIT, NO_WAIT],
    needsNetwork: true,
  },
  {
    name: 'get',
    aliases: [],
    group: 'Downloads',
    usage: ['<peer> <file> [--wait]', '<ip> <port> <file> [--wait]'],
    summary: 'fetch a file that this peer shares; others who have it help',
    details: [PEER_FORMS],
    minArguments: 2,
    maxArguments: 3,
    completes: ['peer', 'found'],
    flags: [WAIT, NO_WAIT],
    needsNetwork: true,
  },
  {
    name: 'downloads',
    aliases: ['dls'],
    group: 'Downloads',
    usage: ['[number|name]'],
    summary: 'downloads of this run; with one of them: its sources',
    details: [DOWNLOAD_FORMS],
    minArguments: 0,
    maxArguments: 1,
    completes: ['download'],
    flags: [],
    needsNetwork: false,
  },
  {
    name: 'pause',
    aliases: [],
    group: 'Downloads',
    usage: ['<number|name>'],
    summary: 'stop a download for now; what is here stays',
    details: [DOWNLOAD_FORMS],
    minArguments: 1,
    maxArguments: 1,
    completes: ['download'],
    flags: [],
    needsNetwork: false,
  },
  {
    name: 'resume',
    aliases: [],
    group: 'Downloads',
    usage: ['<number|name> [--wait]'],
    summary: 'go on with a paused or failed download',
    details: [DOWNLOAD_FORMS],
    minArguments: 1,
    maxArguments: 1,
    completes: ['download'],
    flags: [WAIT, NO_WAIT],
    needsNetwork: true,
  },
  {
    name: 'cancel',
    aliases: [],
    group: 'Downloads',
    usage: ['<number|name>'],
    summary: 'end a download and remove its unfinished file',
    details: [DOWNLOAD_FORMS],
    minArguments: 1,
    maxArguments: 1,
    completes: ['download'],
    flags: [],
    needsNetwork: false,
  },
  {
    name: 'peers',
    aliases: ['p'],
    group: 'Network',
    usage: [''],
    summary: 'the other peers',
    details: [],
    minArguments: 0,
    maxArguments: 0,
    completes: [],
    flags: [],
    needsNetwork: true,
  },
  {
    name: 'connect',
    aliases: [],
    group: 'Network',
    usage: ['<host:port>'],
    summary: 'link to a peer by hand',
    details: ['For a peer that no tracker knows. Host and port may also be two words.'],
    minArguments: 1,
    maxArguments: 2,
    completes: ['peer', 'nothing'],
    flags: [],
    needsNetwork: false,
  },
  {
    name: 'refresh',
    aliases: ['update'],
    group: 'Network',
    usage: [''],
    summary: 'look at the folder again, announce it again, fetch the peer list',
    details: [],
    minArguments: 0,
    maxArguments: 0,
    completes: [],
    flags: [],
    needsNetwork: true,
  },
  {
    name: 'status',
    aliases: ['info'],
    group: 'Network',
    usage: [''],
    summary: 'everything in short: this peer, tracker, share, transfers',
    details: [],
    minArguments: 0,
    maxArguments: 0,
    completes: [],
    flags: [],
    needsNetwork: true,
  },
  {
    name: 'tracker',
    aliases: [],
    group: 'Network',
    usage: [''],
    summary: 'the tracker: address, state, last answer',
    details: [],
    minArguments: 0,
    maxArguments: 0,
    completes: [],
    flags: [],
    needsNetwork: true,
  },
  {
    name: 'whoami',
    aliases: ['me'],
    group: 'Network',
    usage: [''],
    summary: 'name, id and address of this peer',
    details: [],
    minArguments: 0,
    maxArguments: 0,
    completes: [],
    flags: [],
    needsNetwork: false,
  },
  {
    name: 'help',
    aliases: ['h', '?'],
    group: 'Console',
    usage: ['[command]'],
    summary: 'this list; with a command: more about it',
    details: [],
    minArguments: 0,
    maxArguments: 1,
    completes: ['command'],
    flags: [],
    needsNetwork: false,
  },
  {
    name: 'quit',
    aliases: ['exit', 'q', 'bye'],
    group: 'Console',
    usage: [''],
    summary: 'leave; unfinished downloads go on next time',
    details: ['Ctrl-D, or Ctrl-C on an empty line, do the same.'],
    minArguments: 0,
    maxArguments: 0,
    completes: [],
    flags: [],
    needsNetwork: false,
  },
];

const BY_WORD = new Map(COMMANDS.flatMap((spec) => [spec.name, ...spec.aliases].map((word) => [word, spec])));

/** The command that a word means; case does not matter. */
export function findCommand(word: string): CommandSpec | undefined {
  return BY_WORD.get(word.toLowerCase());
}

/** What was probably meant by an unknown word. */
export function suggestCommand(word: string): string | undefined {
  // One-letter aliases are near to everything.
  const candidates = [...BY_WORD.keys()].filter((candidate) => candidate.length > 1);
  return nearest(word.toLowerCase(), candidates);
}

/** `download <file|id|folder/> [--wait]`, each form on its own line. */
export function usageLines(spec: CommandSpec): string[] {
  return spec.usage.map((form) => `${spec.name} ${form}`.trimEnd());
}
