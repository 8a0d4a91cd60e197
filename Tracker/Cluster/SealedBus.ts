import { DatagramOpener, DatagramSealer } from '../../Protocol/Private/SealedDatagrams.ts';
import type { Clock } from '../../Shared/Time/Clock.ts';
import type { Bus } from './Bus.ts';

const NOTHING = Buffer.alloc(0);

export interface SealedBusOptions {
  readonly bus: Bus;
  /** Secret of the private network for its bus (NetworkKeys). */
  readonly key: Uint8Array;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly clock: Clock;
}

/**
 * The bus of the trackers of a private network: records are sealed, so that the NATS server reads none and can make
 * none.
 */
export function sealedBus({ bus, key, randomBytes, clock }: SealedBusOptions): Bus {
  return {
    open: async (self, handler) => {
      const sealer = new DatagramSealer(key, randomBytes);
      const opener = new DatagramOpener(key);
      const connection = await bus.open(self, {
        ...handler,
        message: (sealed) => {
          const bytes = opener.open(sealed);
          // Records that do not open count as malformed.
          handler.message(bytes ?? NOTHING);
        },
      });
      return {
        publish: (to, bytes) => connection.publish(to, sealer.seal(bytes, clock.nowMs())),
        close: () => connection.close(),
      };
    },
  };
}
