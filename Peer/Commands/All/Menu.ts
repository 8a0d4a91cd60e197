import { PEER_COMMAND } from '../../../Shared/Program/StartedAs.ts';
import type { ConsoleCommand } from '../Command.ts';

export const menu: ConsoleCommand = {
  group: 'Console',
  usage: [''],
  summary: 'numbered menu: (1) download a file (2) list files (3) quit',
  details: [`An empty line returns to the commands. ${PEER_COMMAND} --menu starts with the menu.`],
  examples: ['menu'],
  oneShot: 'console only',
  async run() {
    return { data: {}, text: () => '', opensMenu: true };
  },
};
