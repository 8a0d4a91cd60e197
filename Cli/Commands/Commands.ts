import { completion } from './Completion.ts';
import { config } from './Config.ts';
import { doctor } from './Doctor.ts';
import { forwardedCommands } from './Forwarded.ts';
import { get } from './Get.ts';
import { ls } from './Ls.ts';
import { network } from './Network.ts';
import { peer } from './Peer.ts';
import { send } from './Send.ts';
import { share } from './Share.ts';
import type { ShoalCommand } from './ShoalCommand.ts';
import { tracker } from './Tracker.ts';
import { uninstall } from './Uninstall.ts';
import { web } from './Web.ts';

/**
 * All commands of `shoal`, in the order of its help: those of this folder, and the console commands that run in the
 * same form. To add a command of the console, see Peer/Commands/All/Commands.ts; to add one that only `shoal` has,
 * write a file here with one `ShoalCommand`, and one line below.
 */
export const SHOAL_COMMANDS: Readonly<Record<string, ShoalCommand>> = {
  tracker,
  peer,
  get,
  ls,
  send,
  share,
  ...forwardedCommands(),
  web,
  doctor,
  network,
  config,
  completion,
  uninstall,
};
