import type { InstanceId } from '../../Protocol/Ids.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { Bus, BusConnection, BusHandler } from './Bus.ts';

interface Place {
  readonly handler: BusHandler;
  isLost: boolean;
}

/** Delivery of a message: calls `arrive` once, later, several times or never. */
export type Carry = (
  from: InstanceId,
  to: InstanceId,
  bytes: Uint8Array,
  arrive: (bytes: Uint8Array) => void,
) => void;

/** A bus within one process, for tests and the simulator. */
export class MemoryBus implements Bus {
  readonly #places = new Map<InstanceId, Place>();
  readonly #carry: Carry;
  #isDown = false;

  /** @param carry - default: in a later microtask, in order */
  constructor(carry: Carry = (_from, _to, bytes, arrive) => queueMicrotask(() => arrive(bytes))) {
    this.#carry = carry;
  }

  async open(self: InstanceId, handler: BusHandler): Promise<BusConnection> {
    if (this.#isDown) throw new ShoalError('UNREACHABLE', 'the bus of the cluster does not answer');
    const place: Place = { handler, isLost: false };
    this.#places.set(self, place);
    return {
      publish: (to, bytes) => {
        if (this.#places.get(self) !== place || place.isLost) return;
        for (const id of [...this.#places.keys()]) {
          if (id !== self && (to === 'all' || to === id)) this.#deliver(self, id, Buffer.from(bytes));
        }
      },
      close: async () => {
        if (this.#places.get(self) === place) this.#places.delete(self);
      },
    };
  }

  /** Ends all connections, as a server that is killed. */
  fail(): void {
    this.#isDown = true;
    for (const place of this.#places.values()) {
      place.isLost = true;
      place.handler.lost('the server is gone');
    }
  }

  /** Restores all connections. */
  restore(): void {
    this.#isDown = false;
    for (const place of this.#places.values()) {
      place.isLost = false;
      place.handler.connected();
    }
  }

  #deliver(from: InstanceId, to: InstanceId, bytes: Uint8Array): void {
    this.#carry(from, to, bytes, (arrived) => {
      const place = this.#places.get(to);
      if (place !== undefined && !place.isLost) place.handler.message(arrived);
    });
  }
}
