import { formatAddress, parseHostPort } from '../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { ConsoleCommand } from '../Command.ts';
import { nothing, peerNames } from '../Line/Arguments.ts';
import { isHostAndPort, joinHostPort } from '../Line/PeerNotation.ts';
import { notHostAndPort } from '../Line/Usage.ts';
import { contactItem } from '../Views/Items.ts';

export const connect: ConsoleCommand = {
  group: 'Network',
  usage: ['<host:port>', '<host> <port>'],
  summary: 'open a link to a peer that no tracker names',
  examples: ['connect 192.168.1.20:9001', 'connect studio.local 9001'],
  completes: [peerNames, nothing],
  oneShot: 'any peer',
  async run(call, { controls, signal }) {
    const [first = '', second] = call.args;
    if (second !== undefined && !isHostAndPort(first, second)) throw notHostAndPort(call, first, second);
    const address = second === undefined ? first : joinHostPort(first, second);
    if (!/:\d+$/.test(address)) {
      throw new ShoalError('USAGE', `the address "${safeText(address)}" has no port`, {
        hint: (command) => `Example: ${command('connect 192.168.1.20:9001')}`,
      });
    }
    parseHostPort(address, 1); // Checks the range of the port.
    const peer = await controls.connect(address, signal);
    const at = formatAddress(peer.address);
    const name = peer.name === '' ? at : `${peer.name} (${at})`;
    return { data: contactItem(peer), text: () => `Connected to ${safeText(name)}` };
  },
};
