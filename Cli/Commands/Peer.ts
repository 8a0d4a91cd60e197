import type { ShoalCommand } from './ShoalCommand.ts';

/** Started by shoal.js itself; listed for help and completion only. */
export const peer: ShoalCommand = {
  usage: '',
  summary: 'run a peer with its console; its flags: shoal peer --help',
  hasSettings: false,
};
