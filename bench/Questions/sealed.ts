import { randomBytes } from 'node:crypto';
import { formatInvite } from '../../Protocol/Private/Invite.ts';
import { CONTEST_COLUMNS, contestFigures, contestRows, speedRatio } from '../ContestReport.ts';
import { fileContest } from '../FileContest.ts';
import { atLeast, type Goal, type Report } from '../Report.ts';
import { libtorrent } from '../Rivals/Libtorrent.ts';
import { scp } from '../Rivals/Scp.ts';
import { shoalNamed } from '../Rivals/Shoal.ts';
import { syncthing } from '../Rivals/Syncthing.ts';
import type { Settings } from '../Settings.ts';

/** Goals as multiples of a rival's speed. libtorrent sends in the clear. */
const GOALS: Readonly<Record<string, number>> = { libtorrent: 1.2, Syncthing: 2, scp: 2 };

/**
 * One seeder, one leecher in a private network, where everything is encrypted, against rivals that encrypt, and
 * libtorrent.
 */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const bytes = (quick ? 0.25 : 4) * 2 ** 30;
  const title = 'A private network: one seeder, one leecher, one large file';
  const invite = formatInvite({ name: 'bench', secret: randomBytes(16) });
  const ours = shoalNamed('Shoal, private', {}, ['--network', invite]);
  const rivals = [libtorrent, syncthing, scp, shoalNamed('Shoal, open')];
  const result = await fileContest({ medium: 'memory', bytes, seeders: 1, rivals, pairs, ours });
  if ('reason' in result)
    return { title, tables: [], goals: [], notes: [`not measured, ${result.reason}`], figures: undefined };
  const goals = [...result.pairs].flatMap(([name, of]): Goal[] => {
    const least = GOALS[name];
    return least === undefined
      ? []
      : [atLeast(`at least ${least} times as fast as ${name}`, least, speedRatio(of).median)];
  });
  const [, ...columns] = CONTEST_COLUMNS;
  return {
    title,
    tables: [{ columns: [`memory, ${bytes / 2 ** 30} GiB`, ...columns], rows: contestRows(result) }],
    goals,
    notes: [
      ...result.skipped.map((text) => `without ${text}`),
      'In the open network, and with libtorrent, the content travels in the clear. scp with AES-128-GCM. Copies are compared byte by byte.',
    ],
    figures: contestFigures(result),
  };
}
