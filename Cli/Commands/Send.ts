import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { COMMANDS, type OneShotAnswer } from '../../Peer/CommandInterface.ts';
import { pathWithin } from '../../Shared/Paths/PathWithin.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { consoleLine, type Run, splitFlags } from '../Running/Run.ts';
import type { ShoalCommand } from './ShoalCommand.ts';
import { missingPath, stage } from './Staging.ts';

export const send: ShoalCommand = {
  usage: '<file> <peer> [port]',
  summary: 'push a file to another peer',
  passedFlags: (COMMANDS.send.flags ?? []).map((flag) => flag.name),
  completes: 'files',
  async run({ words, literal, open }) {
    const run = await open();
    const { flags, args } = splitFlags(words, literal);
    const [file = '', ...to] = args;
    const verbose = run.options.settings.verbose ? ['--verbose'] : [];
    return run.screen.answer(await sendFile(run, file, to, [...flags, ...verbose]));
  },
};

/** Sends a file of the running peer's share by its name there, or any other file by its path from a temporary peer. */
async function sendFile(
  run: Run,
  file: string,
  to: readonly string[],
  flags: readonly string[],
): Promise<OneShotAnswer> {
  const running = await run.runningPeer();
  const path = await realpath(resolve(file)).catch(() => undefined);
  const line = (name: string) => consoleLine('send', [...flags, name, ...to], 1 + to.length);
  if (running !== undefined) {
    const inside = path && pathWithin(running.share, path);
    if (path === undefined || inside) return run.inRunning(running, 'send', line(inside || file));
  }
  if (path === undefined) throw missingPath(file);
  if ((await stat(path)).isDirectory())
    throw new ShoalError('USAGE', `"${safeText(file)}" is a folder`, {
      hint: 'Send its files one by one, or let others fetch it: shoal share FOLDER',
    });
  const staged = await stage([path]);
  try {
    const guest = await run.guest({ share: staged.folder }, running);
    try {
      await guest.peer.scanned();
      return await run.inGuest(guest, 'send', line(basename(path)));
    } finally {
      await guest.close();
    }
  } finally {
    await staged.remove();
  }
}
