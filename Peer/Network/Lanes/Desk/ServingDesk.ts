import { SLOT_GROW_MS } from '../../../../Protocol/Limits.ts';
import { RateMeter } from '../../../../Shared/Time/RateMeter.ts';
import { BufferPool } from '../BufferPool.ts';
import type { RateFlow } from '../Limits/RateFlow.ts';
import { DeskSeat } from './DeskSeat.ts';
import {
  type Desk,
  SEND_BUFFER_BYTES,
  type Seat,
  type ServeClient,
  type ServingDeskOptions,
  type Upload,
} from './Serving.ts';
import { UploadSlots } from './UploadSlots.ts';

/** Send buffers of all clients together. */
const SEND_BUFFERS_BYTES = 24 * SEND_BUFFER_BYTES;
/** Interval at which changed queue places are announced. */
const PLACES_INTERVAL_MS = 250;

/**
 * Admits clients of every protocol: upload slots and the queue for them, limits, send buffers. Lanes are
 * one face of it, ranges of files (`Seat.send`, for HTTP) the other.
 */
export class ServingDesk implements Desk {
  readonly options: ServingDeskOptions;
  readonly slots: UploadSlots;
  readonly buffers: BufferPool;
  readonly #seats = new Map<string, DeskSeat>();
  readonly #meter = new RateMeter();
  #cancelPace: (() => void) | undefined;
  #cancelPlaces: (() => void) | undefined;

  constructor(options: ServingDeskOptions) {
    this.options = options;
    this.slots = new UploadSlots((key) => this.#seats.get(key)?.client.heldChunks?.() ?? 0);
    this.buffers = new BufferPool(SEND_BUFFER_BYTES, SEND_BUFFERS_BYTES, options.clock, options.memory);
  }

  /** Admits a client. The same key twice shares one seat, which is free after as many calls of `leave`. */
  enter(client: ServeClient): Seat {
    const seat =
      this.#seats.get(client.key) ??
      new DeskSeat(
        client,
        this,
        (changed) => this.#demandChanged(changed),
        (left) => this.#left(left),
      );
    this.#seats.set(client.key, seat);
    seat.users++;
    return seat;
  }

  /** Number of clients, served or not. */
  get clients(): number {
    return this.#seats.size;
  }

  /** Payload bytes since start. */
  get sentBytes(): number {
    return this.#meter.total;
  }

  /** Bytes per second of each client being served, on average. */
  get ratePerClient(): number {
    return this.#meter.bytesPerSecond(this.options.clock.nowMs()) / this.slots.serving.length;
  }

  /** Clients that hold a slot, or are sent what other peers serve. */
  serving(): readonly Upload[] {
    return [...this.#seats.values()]
      .filter((seat) => seat.served || seat.relays)
      .map((seat) => seat.upload());
  }

  /** Whether a client has demand: it is being served or queued. */
  isBusy(key: string): boolean {
    return this.slots.isServing(key) || this.slots.placeOf(key) > 0;
  }

  /** This host's share of the limits. */
  flow(host: string): RateFlow {
    return this.options.limiter.flow(this.options.classOf(host));
  }

  close(): void {
    for (const seat of this.#seats.values()) seat.close();
    this.#seats.clear();
    this.#cancelPace?.();
    this.#cancelPlaces?.();
  }

  moved(key: string, bytes: number): void {
    this.#meter.add(bytes, this.options.clock.nowMs());
    this.slots.served(key, bytes);
  }

  #demandChanged(seat: DeskSeat): void {
    const demand = seat.demandBytes;
    const { key } = seat.client;
    this.slots.setDemand(key, demand);
    if (demand === 0) seat.forgetPlace();
    this.#wakeServing();
    // A first place is announced at once, so that the client can try others meanwhile; changes can wait.
    const place = this.slots.placeOf(key);
    if (place > 0 && seat.announcedPlace <= 0) seat.announce(place, this.slots.waiting.length);
  }

  /** Lets every client with a slot send. */
  #wakeServing(): void {
    for (const key of this.slots.serving) this.#seats.get(key)?.wake();
    for (const key of this.slots.serving) this.#seats.get(key)?.announce(0, 0);
    if (this.slots.waiting.length > 0) this.#announcePlacesSoon();
    this.#watch();
  }

  #left(seat: DeskSeat): void {
    if (this.#seats.get(seat.client.key) === seat) this.#seats.delete(seat.client.key);
    this.slots.setDemand(seat.client.key, 0);
    this.#wakeServing();
  }

  #announcePlacesSoon(): void {
    this.#cancelPlaces ??= this.options.clock.after(PLACES_INTERVAL_MS, () => {
      this.#cancelPlaces = undefined;
      const { waiting } = this.slots;
      for (const [index, key] of waiting.entries()) this.#seats.get(key)?.announce(index + 1, waiting.length);
    });
  }

  /** Checks once a second, while there are clients, for missing slots and stalled clients. */
  #watch(): void {
    if (this.#cancelPace !== undefined || this.#seats.size === 0) return;
    const { clock, limiter } = this.options;
    const sentBefore = this.#meter.total;
    this.#cancelPace = clock.after(SLOT_GROW_MS, () => {
      this.#cancelPace = undefined;
      this.slots.pace(((this.#meter.total - sentBefore) * 1_000) / SLOT_GROW_MS, limiter.ceiling);
      for (const [key, seat] of [...this.#seats])
        if (seat.checkStalled(this.buffers.short)) this.slots.preempt(key);
      if (this.slots.serving.length > 0) this.#wakeServing();
    });
  }
}
