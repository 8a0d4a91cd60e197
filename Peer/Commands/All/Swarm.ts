import type { SwarmStatus } from '../../Model.ts';
import type { ConsoleCommand } from '../Command.ts';
import { localContents } from '../Line/Arguments.ts';
import { swarmItem, swarmMemberItem } from '../Views/Items.ts';
import { swarmText } from '../Views/SwarmViews.ts';

export const swarm: ConsoleCommand = {
  group: 'Downloads',
  usage: ['<file|number> [--once]'],
  summary: 'progress of every peer that has or downloads a file, and the time until all are complete',
  details: [
    'A file is its name, its path, the start of its id, or the number of its download.',
    'On a terminal the view is live until all peers are complete, or Ctrl-C. Progress is as the peers report it; ' +
      'a peer that only a tracker names shows ? or 100 %.',
  ],
  examples: ['swarm film.mkv', 'swarm 2 --once'],
  flags: [{ name: '--once', summary: 'show it once, also on a terminal' }],
  completes: [localContents],
  oneShot: 'running peer',
  async run({ args: [what = ''], flags }, { controls, signal, live }) {
    let now: SwarmStatus = await controls.swarm(what, signal);
    if (live !== undefined && !flags.has('--json') && !flags.has('--once')) {
      while (!signal.aborted && now.complete < now.members.length) {
        await live(swarmText(now, live.style()));
        const last = now;
        now = await controls.swarm(what, signal).catch((failure: unknown) => {
          if (signal.aborted) return last;
          throw failure;
        });
      }
    }
    return {
      data: swarmItem(now),
      items: now.members.map(swarmMemberItem),
      text: (style) => swarmText(now, style),
    };
  },
};
