import type { ShoalCommand } from './ShoalCommand.ts';

/** `shoal tracker` without arguments while a peer runs; in all other cases shoal.js starts the tracker program. */
export const tracker: ShoalCommand = {
  usage: '',
  summary: 'run a tracker (flags: shoal tracker --help); beside a running peer: the state of its trackers',
  async run({ open }) {
    const run = await open();
    const code = await run.screen.answer(
      await run.lineInRunning('tracker', 'tracker', 'To run a tracker: shoal tracker'),
    );
    if (!run.screen.json) run.screen.printLine('To run a tracker on this computer too: shoal tracker 6881');
    return code;
  },
};
