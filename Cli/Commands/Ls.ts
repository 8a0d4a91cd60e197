import { COMMANDS } from '../../Peer/CommandInterface.ts';
import { consoleLine } from '../Running/Run.ts';
import type { ShoalCommand } from './ShoalCommand.ts';

export const ls: ShoalCommand = {
  usage: '[place] [more...]',
  forms: COMMANDS.list.usage,
  aliases: ['list', 'files'],
  summary: 'files that a peer shares; without a peer, those of the running one',
  async run({ words, literal, open }) {
    const run = await open();
    const line = consoleLine('list', words, literal);
    const isOwnShare = words.length === 0 && run.share === undefined;
    return run.screen.answer(
      await (isOwnShare
        ? run.lineInRunning('ls', line, 'Name a peer: shoal ls <peer>. Or start one: shoal peer')
        : run.line('ls', line)),
    );
  },
};
