import { safeText } from '../../Shared/Text/SafeText.ts';
import { factsAnswer } from '../Running/Answers.ts';
import type { Run } from '../Running/Run.ts';
import type { ShoalCommand } from './ShoalCommand.ts';
import { stage } from './Staging.ts';

/** Longest wait for a tracker before the command reports that it shares, in milliseconds. */
const TRACKER_WAIT_MS = 3_000;

export const share: ShoalCommand = {
  usage: '<paths...>',
  summary: 'share these files or folders until Ctrl-C',
  completes: 'files',
  async run({ words, open }) {
    const run = await open();
    const staged = await stage(words);
    try {
      return await run.screen.answer(await shareUntilAbort(run, staged.folder));
    } finally {
      await staged.remove();
    }
  },
};

async function shareUntilAbort(run: Run, folder: string) {
  const guest = await run.guest({ share: folder, stays: true });
  try {
    const { peer } = guest;
    await peer.scanned();
    await peer.networkReady(TRACKER_WAIT_MS);
    const { files, bytes } = peer.share();
    const trackers = peer.trackers().filter((each) => each.state === 'connected').length;
    const { port, name } = peer.self;
    const event = { event: 'sharing', files, bytes, port, name, trackers };
    const state = trackers === 0 ? 'no tracker answers yet' : 'until Ctrl-C';
    const what = files === 1 ? '1 file' : `${files} files`;
    const text = `Sharing ${what} as ${safeText(name)} on TCP port ${port}, ${state}`;
    await run.screen.print(run.screen.json ? JSON.stringify(event) : text);
    peer.onNews((news) => run.screen.printLine(news.text));
    await aborted(run.signal);
    return factsAnswer('share', { files, bytes }, '');
  } finally {
    await guest.close();
  }
}

/** Resolves on abort; until then a timer keeps the process alive. */
function aborted(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 60_000);
  return new Promise((done) => {
    const end = () => {
      clearInterval(alive);
      done();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
