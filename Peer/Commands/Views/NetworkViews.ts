import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { PeerList, PrivateNetwork } from '../../NetworkModel.ts';
import { peersText } from './StatusViews.ts';
import type { ViewStyle } from './ViewStyle.ts';
import { wrapWords } from './WordWrap.ts';

const USUAL_WIDTH = 80;

/** Consequence of the peer's network for its user, in one sentence. */
export function networkSentence(network: PrivateNetwork | undefined): string {
  if (network === undefined)
    return 'Open network: everybody on this network can find this peer and read its files.';
  return `Private network "${safeText(network.name)}": only its members can find this peer and read its files.`;
}

/** `network` */
export function networkText(network: PrivateNetwork | undefined, list: PeerList, style: ViewStyle): string {
  const next =
    network === undefined
      ? ['A network of your own: shoal network create NAME', 'With an invite: shoal network join INVITE']
      : [
          'Invite others: shoal network invite. Leave it: shoal network leave. If the invite has leaked, ' +
            'leave, create a new network, and invite the others to that one.',
        ];
  const width = Math.min(style.width, USUAL_WIDTH);
  const sentence = wrapWords(networkSentence(network), width).join('\n');
  return [
    sentence,
    peersText(list, style),
    style.paint.dim(next.flatMap((line) => wrapWords(line, width)).join('\n')),
  ].join('\n\n');
}
