import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { CommandContext, ConsoleCommand } from '../Command.ts';
import { FETCH_FLAGS, foundFiles, PEER_FORMS, peerNames } from '../Line/Arguments.ts';
import { isHostAndPort, joinHostPort } from '../Line/PeerNotation.ts';
import { notHostAndPort } from '../Line/Usage.ts';
import { choiceOf, fetchAll } from '../Running/FetchFiles.ts';

export const get: ConsoleCommand = {
  group: 'Downloads',
  usage: ['<peer> <file...> [--wait]', '<ip> <port> <file...> [--wait]', '<file...> [--wait]'],
  summary: 'download files that this peer shares, with the help of all other peers that share them',
  details: [
    PEER_FORMS,
    'If several peers run at one IP address, the one that shares the file is used.',
    'If no peer has the first name, all names are files, as for download.',
  ],
  examples: ['get studio film.mkv', 'get 192.168.1.20:9001 photos/', 'get 192.168.1.20 9001 film.mkv --wait'],
  flags: FETCH_FLAGS,
  completes: [peerNames, foundFiles],
  needsNetwork: true,
  oneShot: 'own form',
  async run(call, context) {
    const { controls, signal } = context;
    const [first = '', second = '', third] = call.args;
    if (third !== undefined && /^\d+$/.test(second) && !isHostAndPort(first, second))
      throw notHostAndPort(call, first, second);
    const { peer, files } = await splitArguments(call.args, context);
    const choice = choiceOf(call);
    const start = (what: string) =>
      peer === undefined
        ? controls.download(what, signal, choice)
        : controls.downloadAt(peer, what, signal, choice);
    return fetchAll(files, start, call, context);
  },
};

/** Separates the peer, if the first words name one, from the files. */
async function splitArguments(
  args: readonly string[],
  { controls, signal }: CommandContext,
): Promise<{ readonly peer: string | undefined; readonly files: readonly string[] }> {
  const [first = '', second = ''] = args;
  if (args.length >= 3 && isHostAndPort(first, second))
    return { peer: joinHostPort(first, second), files: args.slice(2) };
  if (args.length >= 2 && (await isPeer(first))) return { peer: first, files: args.slice(1) };
  return { peer: undefined, files: args };

  async function isPeer(name: string): Promise<boolean> {
    try {
      await controls.findPeer(name, signal);
      return true;
    } catch (failure) {
      const isNone =
        failure instanceof ShoalError && (failure.code === 'NOT_FOUND' || failure.code === 'NO_TRACKER');
      // Several peers at one address, or this peer itself: the use case knows what to do.
      if (failure instanceof ShoalError && ['AMBIGUOUS', 'LOCAL_CONFLICT'].includes(failure.code))
        return true;
      if (!isNone) throw failure;
      return false;
    }
  }
}
