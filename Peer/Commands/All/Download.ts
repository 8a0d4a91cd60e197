import type { ConsoleCommand } from '../Command.ts';
import { FETCH_FLAGS, foundFiles } from '../Line/Arguments.ts';
import { choiceOf, fetchAll } from '../Running/FetchFiles.ts';

export const download: ConsoleCommand = {
  aliases: ['dl'],
  group: 'Downloads',
  usage: ['<file|id|folder/...> [--wait]'],
  summary: 'download files from all peers that share them',
  details: [
    'A file is its name, its path, or the first 8 or more digits of its id (see: search).',
    'A name that ends with / downloads the whole folder.',
    'Of several versions of one path the newest is taken, and the others are named: --other <id> takes one of them.',
    'A file that is here already is not fetched again; nothing that is here is replaced.',
    'The download runs in the background; with --wait, and in a pipe, the command ends when the download ends.',
  ],
  examples: [
    'download film.mkv',
    'dl "my film.mkv" --wait',
    'download 7c2f90ab',
    'download photos/',
    'download Class/ --other 7c2f90ab',
  ],
  flags: FETCH_FLAGS,
  completes: [foundFiles],
  needsNetwork: true,
  oneShot: 'own form',
  run(call, context) {
    const { controls, signal } = context;
    return fetchAll(call.args, (what) => controls.download(what, signal, choiceOf(call)), call, context);
  },
};
