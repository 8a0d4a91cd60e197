import type { ByteStream, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { Bans } from './Bans.ts';
import { ConnectionRoom, type Place } from './ConnectionRoom.ts';
import { FirstBytes } from './FirstBytes.ts';
import type { Occupant, Opening } from './Opening.ts';

/** Connections beyond the limit, which are open until the refusal is sent. */
const FAREWELLS_MAX = 16;

export interface ConnectionAcceptorOptions {
  readonly clock: Clock;
  readonly bans: Bans;
  readonly counters: { refusedConnections: number; foreignConnections: number; evictedConnections: number };
  readonly openings: readonly Opening[];
  /** Upper bound on open incoming connections. */
  readonly connectionsMax: number;
}

/** One accepted connection. */
class Connection implements Place {
  readonly stream: ByteStream;
  readonly sinceMs: number;
  settled = false;
  occupant: Occupant | undefined;

  constructor(stream: ByteStream, nowMs: number) {
    this.stream = stream;
    this.sinceMs = nowMs;
  }

  get host(): string {
    return this.stream.remote.host;
  }

  idleMs(nowMs: number): number | undefined {
    return this.occupant?.idleMs(nowMs);
  }

  evict(): void {
    if (this.settled && this.occupant !== undefined) this.occupant.evict();
    else this.stream.destroy();
  }
}

/** Accepts incoming connections, except from banned hosts, and hands each to the opening that its first bytes name. */
export class ConnectionAcceptor {
  readonly #options: ConnectionAcceptorOptions;
  readonly #room: ConnectionRoom<Connection>;
  readonly #open = new Set<Connection>();
  #wake: () => void = () => {};

  constructor(options: ConnectionAcceptorOptions) {
    this.#options = options;
    this.#room = new ConnectionRoom(options.connectionsMax);
  }

  readonly accept = (stream: ByteStream): StreamHandler => {
    const { clock, bans, counters, openings, connectionsMax } = this.#options;
    const { host } = stream.remote;
    const nowMs = clock.nowMs();
    const room = bans.has(host, nowMs) ? 'banned' : this.#room.roomFor(host, nowMs);
    const full = room === 'full';
    if (full || room === 'banned') counters.refusedConnections++;
    if (typeof room === 'object') this.#evict(room);
    if (room === 'banned' || this.#open.size >= connectionsMax + FAREWELLS_MAX) {
      stream.destroy();
      return { closed: () => {} };
    }
    const connection = new Connection(stream, nowMs);
    this.#open.add(connection);
    if (!full) this.#room.enter(connection);
    return new FirstBytes(stream, {
      clock,
      openings,
      full,
      taken: (occupant) => {
        connection.occupant = occupant;
      },
      settled: () => {
        connection.settled = true;
      },
      closed: (ours) => {
        if (!ours) counters.foreignConnections++;
        this.#room.leave(connection);
        this.#open.delete(connection);
        this.#wake();
      },
    });
  };

  /** Closes all connections; resolves when they are gone. */
  async close(): Promise<void> {
    for (const { stream } of this.#open) stream.destroy();
    while (this.#open.size > 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The place is free at once, though the goodbye may take a moment. */
  #evict(connection: Connection): void {
    this.#options.counters.evictedConnections++;
    this.#room.leave(connection);
    connection.evict();
  }
}
