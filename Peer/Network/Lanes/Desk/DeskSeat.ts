import type { FileId } from '../../../../Protocol/Ids.ts';
import { RateMeter } from '../../../../Shared/Time/RateMeter.ts';
import type { ContentRange } from '../../../ContentModel.ts';
import { RangeSender } from './RangeSender.ts';
import { relay } from './Relay.ts';
import type { Desk, Seat, ServeClient, Sink, Upload } from './Serving.ts';

/** No place announced yet. Even "being served" is news to a peer that requests from several seeders. */
const NOT_ANNOUNCED = -1;

/** The seat of one client, as the desk sees it. */
export class DeskSeat implements Seat {
  readonly client: ServeClient;
  /** Calls of `enter` without a `leave`. */
  users = 0;
  announcedPlace = NOT_ANNOUNCED;
  readonly #desk: Desk;
  readonly #demandChanged: (seat: DeskSeat) => void;
  readonly #left: (seat: DeskSeat) => void;
  readonly #meter = new RateMeter();
  readonly #ranges = new Set<RangeSender>();
  #announcedLength = 0;
  #fileId: FileId | undefined;
  #path: string | undefined;
  #relays = 0;

  constructor(
    client: ServeClient,
    desk: Desk,
    demandChanged: (seat: DeskSeat) => void,
    left: (seat: DeskSeat) => void,
  ) {
    this.client = client;
    this.#desk = desk;
    this.#demandChanged = demandChanged;
    this.#left = left;
  }

  get served(): boolean {
    return this.#desk.slots.isServing(this.client.key);
  }

  /** Whether it sends what other peers serve. */
  get relays(): boolean {
    return this.#relays > 0;
  }

  get turnBytes(): number {
    return this.#desk.slots.turnBytes;
  }

  get demandBytes(): number {
    let bytes = this.users === 0 ? 0 : (this.client.demandBytes?.() ?? 0);
    for (const range of this.#ranges) bytes += range.leftBytes;
    return bytes;
  }

  changed(): void {
    if (this.users > 0) this.#demandChanged(this);
  }

  sending(fileId: FileId): void {
    this.#fileId = fileId;
    this.#path = undefined;
  }

  moved(bytes: number): void {
    this.#meter.add(bytes, this.#desk.options.clock.nowMs());
    this.#desk.moved(this.client.key, bytes);
  }

  endTurn(): void {
    this.#desk.slots.endTurn(this.client.key);
  }

  async send(content: FileId, range: ContentRange, to: Sink, signal: AbortSignal): Promise<void> {
    const sender = new RangeSender(this, this.#desk, content, range);
    this.#ranges.add(sender);
    this.changed();
    try {
      await sender.run(to, signal);
    } finally {
      this.#ranges.delete(sender);
      this.changed();
    }
  }

  async relay(
    { fileId, path }: { readonly fileId: FileId; readonly path: string },
    pieces: AsyncIterable<Uint8Array>,
    to: Sink,
    signal: AbortSignal,
  ): Promise<void> {
    const moved = (bytes: number) => {
      this.#fileId = fileId;
      this.#path = path;
      this.moved(bytes);
    };
    this.#relays++;
    try {
      await relay(pieces, to, { flow: this.#desk.flow(to.host), signal, moved });
    } finally {
      this.#relays--;
    }
  }

  leave(): void {
    this.users--;
    if (this.users > 0) return;
    this.close();
    this.#left(this);
  }

  // ---- called by the desk

  wake(): void {
    if (this.demandBytes === 0) return;
    this.client.serve?.();
    for (const range of this.#ranges) range.wake();
  }

  announce(place: number, of: number): void {
    if (this.announcedPlace === place && this.#announcedLength === of) return;
    this.announcedPlace = place;
    this.#announcedLength = of;
    this.client.placed?.(place, of);
  }

  forgetPlace(): void {
    this.announcedPlace = NOT_ANNOUNCED;
  }

  checkStalled(memoryIsShort: boolean): boolean {
    let stalled = this.client.checkStalled?.(memoryIsShort) ?? false;
    for (const range of this.#ranges) stalled = range.checkStalled(memoryIsShort) || stalled;
    return stalled;
  }

  upload(): Upload {
    return { meter: this.#meter, fileId: this.#fileId, path: this.#path, label: this.client.label() };
  }

  close(): void {
    for (const range of this.#ranges) range.close();
  }
}
