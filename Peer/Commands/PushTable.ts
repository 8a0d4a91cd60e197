import { type CommandSpec, type FlagSpec, NO_WAIT, PEER_FORMS, WAIT } from './CommandSpec.ts';

const VERBOSE: FlagSpec = { name: '--verbose', summary: 'a line for each chunk that is confirmed' };
const ALWAYS: FlagSpec = { name: '--always', summary: 'and whatever that peer sends from now on' };

const ONCE: FlagSpec = { name: '--once', summary: 'show it once, also on a terminal' };

/** The commands that send, take and count parts, and look at swarms. */
export const PUSH_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'send',
    aliases: ['push'],
    group: 'Downloads',
    usage: ['<file> <peer> [--wait]', '<file> <ip> <port> [--wait]', ''],
    summary: 'offer a file, or the chunks of it that are here, to a peer; alone: what was sent',
    details: [
      'A file of the share by name, path or the start of its id; or a download that runs.',
      'The other side has to accept it. It confirms every chunk; what it has already is not sent.',
      PEER_FORMS,
    ],
    minArguments: 0,
    maxArguments: 3,
    completes: ['file', 'peer', 'nothing'],
    flags: [WAIT, NO_WAIT, VERBOSE],
    needsNetwork: true,
  },
  {
    name: 'accept',
    aliases: [],
    group: 'Downloads',
    usage: ['<number> [--always]', ''],
    summary: 'take what another peer offers; alone: the offers that wait',
    details: ['The file comes as any other download. An offer waits two minutes.'],
    minArguments: 0,
    maxArguments: 1,
    completes: ['nothing'],
    flags: [ALWAYS],
    needsNetwork: false,
  },
  {
    name: 'reject',
    aliases: [],
    group: 'Downloads',
    usage: ['<number>', ''],
    summary: 'refuse what another peer offers; alone: the offers that wait',
    details: [],
    minArguments: 0,
    maxArguments: 1,
    completes: ['nothing'],
    flags: [],
    needsNetwork: false,
  },
  {
    name: 'parts',
    aliases: [],
    group: 'Files',
    usage: ['[file]'],
    summary: 'which chunks of which file are here',
    details: ['Chunks count from 0; 0-11,14 are the first twelve and one more.'],
    minArguments: 0,
    maxArguments: 1,
    completes: ['file'],
    flags: [],
    needsNetwork: false,
  },
  {
    name: 'swarm',
    aliases: [],
    group: 'Downloads',
    usage: ['<file|number> [--once]'],
    summary: 'who has how much of a file that is here or on its way, and when all have it',
    details: [
      'By name, by path, by the start of its id, or by the number of a download.',
      'On a terminal it follows until all have it, or Ctrl-C. What peers have is what they told; a peer that only a tracker named shows ? or 100 %.',
    ],
    minArguments: 1,
    maxArguments: 1,
    completes: ['file'],
    flags: [ONCE],
    needsNetwork: false,
  },
];
