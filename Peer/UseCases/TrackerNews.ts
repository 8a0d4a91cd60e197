import { formatAddress } from '../../Shared/Address.ts';
import type { NetworkManager } from '../NetworkManager.ts';

/** Tells what happens to trackers, a line each. */
export function tellOfTrackers(network: NetworkManager, tell: (text: string) => void): void {
  network.on('trackerFound', (at) => tell(`connected to the tracker at ${formatAddress(at)}`));
  network.on('trackerLost', (at, reason) => {
    const place = formatAddress(at);
    tell(`lost the tracker at ${place}: ${reason.message.replace(`tracker ${place}: `, '')}`);
  });
  network.on('trackerMoved', (from, to) =>
    tell(`the tracker at ${formatAddress(from)} hands over to ${formatAddress(to)}`),
  );
  network.on('trackerEmbedded', (at) =>
    tell(`found no tracker, so this peer runs one at UDP port ${at.port}`),
  );
}
