import type { CommandTable } from '../Command.ts';
import { accept } from './Accept.ts';
import { cancel } from './Cancel.ts';
import { connect } from './Connect.ts';
import { doctor } from './Doctor.ts';
import { download } from './Download.ts';
import { downloads } from './Downloads.ts';
import { first } from './First.ts';
import { get } from './Get.ts';
import { help } from './Help.ts';
import { join } from './Join.ts';
import { limit } from './Limit.ts';
import { link } from './Link.ts';
import { list } from './List.ts';
import { menu } from './Menu.ts';
import { network } from './Network.ts';
import { parts } from './Parts.ts';
import { pause } from './Pause.ts';
import { peers } from './Peers.ts';
import { quit } from './Quit.ts';
import { refresh } from './Refresh.ts';
import { reject } from './Reject.ts';
import { resume } from './Resume.ts';
import { search } from './Search.ts';
import { send } from './Send.ts';
import { status } from './Status.ts';
import { swarm } from './Swarm.ts';
import { tracker } from './Tracker.ts';
import { uploads } from './Uploads.ts';
import { web } from './Web.ts';
import { whoami } from './Whoami.ts';

/**
 * All commands of the console, in the order of help. Parser, help, Tab completion, `shoal`, its completion scripts and
 * docs/reference/console.md are derived from this record.
 *
 * To add a command:
 * 1. Write `All/<Name>.ts` with one `ConsoleCommand`: specification and handler. The compiler asks for each field
 *    (Command.ts explains them). Text that several commands share goes to Views/, argument kinds to Line/Arguments.ts.
 * 2. Add one line here; the key is the name that users type.
 * 3. If `oneShot` is 'own form', add a file of the same name to Cli/Commands.
 * 4. Add its hostile lines to test/Peer/Commands/All/HostileTexts.test.ts, which the compiler asks for.
 * 5. `npx vitest run --project unit test/Peer/Commands/All test/Cli/Commands -u` updates docs/reference/console.md and
 *    commands.md, and checks that names are unique and that examples parse.
 *
 * To add a flag or a form: only the command's own file, then step 5.
 */
export const COMMANDS = {
  list,
  search,
  parts,
  download,
  get,
  downloads,
  pause,
  resume,
  first,
  cancel,
  swarm,
  uploads,
  send,
  link,
  accept,
  reject,
  peers,
  join,
  connect,
  refresh,
  status,
  doctor,
  tracker,
  whoami,
  network,
  limit,
  web,
  menu,
  help,
  quit,
} satisfies CommandTable;
