import { lstat, rm } from 'node:fs/promises';
import envPaths from 'env-paths';
import { runtimeFolder } from '../../Peer/Local/RuntimeFolder.ts';
import { stateRoot } from '../../Peer/State/StateFolder.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { factsAnswer } from '../Running/Answers.ts';
import { runningPeers } from '../Running/RunningPeers.ts';
import type { ShoalCommand } from './ShoalCommand.ts';

export const uninstall: ShoalCommand = {
  usage: '',
  summary: 'files that Shoal keeps on this computer for you; with --yes: removes them',
  details:
    'Shared folders and downloads are never touched. The program itself: install.sh --uninstall, apt purge shoal, or npm uninstall -g shoal.',
  flags: { '--yes': 'remove keys, journals of contacts, caches and sockets; settings too' },
  async run({ open, options }) {
    const places = await existing();
    if (options.yes === true) {
      const [running] = await runningPeers();
      if (running !== undefined) {
        throw new ShoalError('LOCAL_CONFLICT', `a peer runs on this computer (TCP port ${running.port})`, {
          hint: 'End it first: quit in its console, or Ctrl-C.',
        });
      }
      for (const { path } of places) await rm(path, { recursive: true, force: true });
    }
    const { screen } = await open();
    const removed = options.yes === true;
    const lines = places.map(({ path, holds }) => `${safeText(path)}  ${holds}`);
    const foot = removed ? 'All of this is removed.' : 'To remove it: shoal uninstall --yes';
    const text = places.length === 0 ? 'Shoal keeps nothing on this computer.' : [...lines, foot].join('\n');
    return screen.answer(factsAnswer('uninstall', { removed, items: places }, text));
  },
};

/** A folder of this user in which Shoal keeps something. */
interface Place {
  readonly path: string;
  readonly holds: string;
}

/** The folders that exist. */
async function existing(): Promise<Place[]> {
  const { cache, config } = envPaths('shoal', { suffix: '' });
  const all: readonly Place[] = [
    { path: stateRoot(), holds: 'key of each peer, contacts, upload history' },
    { path: cache, holds: 'hashes of shared files: made again when needed' },
    { path: config, holds: 'settings' },
    { path: runtimeFolder(process.env), holds: 'sockets of running peers' },
  ];
  const found = await Promise.all(
    all.map(({ path }) =>
      lstat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  const paths = new Set<string>();
  return all.filter(({ path }, index) => found[index] && !paths.has(path) && paths.add(path));
}
