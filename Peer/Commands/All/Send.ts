import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { PushStatus } from '../../PushModel.ts';
import type { CommandCall, CommandContext, ConsoleCommand } from '../Command.ts';
import type { CommandResult } from '../CommandResult.ts';
import { localContents, nothing, PEER_FORMS, peerNames, WAIT_FLAGS } from '../Line/Arguments.ts';
import { isHostAndPort, joinHostPort } from '../Line/PeerNotation.ts';
import { notHostAndPort, usageError } from '../Line/Usage.ts';
import { waitsForEnd } from '../Running/FetchFiles.ts';
import { pushItem } from '../Views/Items.ts';
import { chunkConfirmedText, pushesText, pushText } from '../Views/PushTexts.ts';

export const send: ConsoleCommand = {
  aliases: ['push'],
  group: 'Downloads',
  usage: ['<file> <peer> [--wait]', '<file> <ip> <port> [--wait]', ''],
  summary: 'offer a file, or the chunks of it that are here, to a peer; alone: the pushes since the start',
  details: [
    'A file is its name, its path, or the start of its id: of the share, or of a running download.',
    'The other peer has to accept it. It confirms every chunk; chunks that it already has are not sent.',
    PEER_FORMS,
  ],
  examples: ['send film.mkv studio', 'send film.mkv 192.168.1.20 9001 --wait --verbose', 'send'],
  flags: [...WAIT_FLAGS, { name: '--verbose', summary: 'a line for each confirmed chunk' }],
  completes: [localContents, peerNames, nothing],
  needsNetwork: true,
  oneShot: 'own form',
  async run(call, context) {
    const [what, first, second] = call.args;
    const { controls, signal } = context;
    if (what === undefined) {
      const all = controls.pushing.pushes();
      return { items: all.map(pushItem), text: (style) => pushesText(all, style) };
    }
    if (first === undefined) throw usageError(call, 'send needs a peer to send to');
    if (second !== undefined && !isHostAndPort(first, second)) throw notHostAndPort(call, first, second);
    await context.scanned();
    const content = controls.pushing.findLocal(what);
    const peer = await controls.findPeer(second === undefined ? first : joinHostPort(first, second), signal);
    const started = controls.pushing.send(content, peer);
    return endResult(waitsForEnd(call, context) ? await ended(started, call, context) : started);
  },
};

/** Waits for the end of a push; with --verbose or --json reports every confirmed chunk. */
async function ended(
  started: PushStatus,
  { flags }: CommandCall,
  { controls, signal, report }: CommandContext,
): Promise<PushStatus> {
  const json = flags.has('--json');
  const reports = json || flags.has('--verbose');
  const stop = controls.pushing.onPush((push, confirmedNow) => {
    if (push.number !== started.number || !reports) return;
    const { number, fileId: id, chunks } = push;
    confirmedNow.forEach((chunk, index) => {
      // Several chunks may be confirmed at once: each line has its own count.
      const confirmed = push.confirmed - confirmedNow.length + index + 1;
      const item = { event: 'chunk', push: number, id, chunk, confirmed, chunks };
      report?.({ item, line: chunkConfirmedText({ ...push, confirmed }, chunk), json });
    });
  });
  try {
    return await controls.pushing.pushed(started.number, signal);
  } finally {
    stop();
  }
}

/** @throws ShoalError the reason why the push failed */
function endResult(push: PushStatus): CommandResult {
  if (push.state === 'failed') throw push.error ?? new ShoalError('UNREACHABLE', pushText(push));
  return { items: [pushItem(push)], text: () => pushText(push) };
}
