import type { BindDatagram } from '../../Shared/Network/Transport.ts';
import type { Clock } from '../../Shared/Time/Clock.ts';
import { DatagramOpener, DatagramSealer } from './SealedDatagrams.ts';

export interface SealedBindOptions {
  readonly bind: BindDatagram;
  /** Secret of the network (NetworkKeys). */
  readonly key: Uint8Array;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly clock: Clock;
  /** Called for every datagram that does not open. */
  readonly dropped: () => void;
}

/**
 * Binds UDP sockets of a private network: datagrams are sealed on the way out, and dropped without an answer when
 * they do not open.
 */
export function sealedBind({ bind, key, randomBytes, clock, dropped }: SealedBindOptions): BindDatagram {
  return async (options) => {
    const socket = await bind(options);
    const sealer = new DatagramSealer(key, randomBytes);
    const opener = new DatagramOpener(key);
    return {
      local: socket.local,
      send: (bytes, to) => socket.send(sealer.seal(bytes, clock.nowMs()), to),
      onMessage: (handler) =>
        socket.onMessage((sealed, from) => {
          const bytes = opener.open(sealed);
          if (bytes === undefined) dropped();
          else handler(bytes, from);
        }),
      close: () => socket.close(),
    };
  };
}
