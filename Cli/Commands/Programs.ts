import type { ShoalCommand } from './ShoalCommand.ts';

/** Programs that shoal.js starts itself: listed here for help and completion. */

export const tracker: ShoalCommand = {
  usage: '',
  summary: 'run a tracker; its flags: shoal tracker --help',
  hasSettings: false,
};

export const peer: ShoalCommand = {
  usage: '',
  summary: 'run a peer with its console; its flags: shoal peer --help',
  hasSettings: false,
};
