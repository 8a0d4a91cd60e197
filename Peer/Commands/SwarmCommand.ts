import type { CommandHandler } from './CommandResult.ts';
import { swarmItem, swarmMemberItem } from './Views/Items.ts';
import { swarmText } from './Views/SwarmViews.ts';

/** `swarm <file>`: live on a terminal, until all have it or Ctrl-C; else once. */
export const swarm: CommandHandler = async (call, { controls, signal, live }) => {
  const [what = ''] = call.args;
  let seen = await controls.swarm(what, signal);
  if (live !== undefined && !call.flags.has('--json') && !call.flags.has('--once')) {
    const over = () => signal.aborted || seen.complete === seen.members.length;
    while (!over()) {
      await live(swarmText(seen, live.style()));
      const next = await controls.swarm(what, signal).catch((failure: unknown) => {
        if (!signal.aborted) throw failure;
        return seen;
      });
      seen = next;
    }
  }
  return {
    data: swarmItem(seen),
    items: seen.members.map(swarmMemberItem),
    text: (style) => swarmText(seen, style),
  };
};
