import type { ConsoleCommand } from '../Command.ts';
import { foundFiles, PEER_FORMS, peerNames, WAIT_FLAGS } from '../Line/Arguments.ts';
import { isHostAndPort, joinHostPort } from '../Line/PeerNotation.ts';
import { notHostAndPort } from '../Line/Usage.ts';
import { started } from './Download.ts';

export const get: ConsoleCommand = {
  group: 'Downloads',
  usage: ['<peer> <file> [--wait]', '<ip> <port> <file> [--wait]'],
  summary: 'download a file that this peer shares, with the help of all other peers that share it',
  details: [PEER_FORMS, 'If several peers run at one IP address, the one that shares the file is used.'],
  examples: ['get studio film.mkv', 'get 192.168.1.20:9001 photos/', 'get 192.168.1.20 9001 film.mkv --wait'],
  flags: WAIT_FLAGS,
  completes: [peerNames, foundFiles],
  needsNetwork: true,
  oneShot: 'own form',
  async run(call, context) {
    const [first = '', second = '', third] = call.args;
    if (third !== undefined && !isHostAndPort(first, second)) throw notHostAndPort(call, first, second);
    const peer = third === undefined ? first : joinHostPort(first, second);
    const what = third ?? second;
    return started(what, await context.controls.downloadAt(peer, what, context.signal), call, context);
  },
};
