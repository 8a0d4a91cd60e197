import { EXIT } from '../Running/ExitCodes.ts';
import { written } from '../Running/Screen.ts';
import { completionScript } from './CompletionScript.ts';
import type { ShoalCommand } from './ShoalCommand.ts';

export const completion: ShoalCommand = {
  usage: '<shell>',
  summary: 'print a completion script for bash, zsh or fish',
  hasSettings: false,
  completes: 'shells',
  async run({ words: [shell = ''], completed }) {
    await written(completionScript(shell, completed()));
    return EXIT.ok;
  },
};
