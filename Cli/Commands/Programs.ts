import type { ShoalCommand } from './ShoalCommand.ts';

/** The program that shoal.js starts itself: listed here for help and completion. */

export const peer: ShoalCommand = {
  usage: '',
  summary: 'run a peer with its console; its flags: shoal peer --help',
  hasSettings: false,
};
