import type { ConnectionKind } from '../../../../Protocol/PeerMessages.ts';
import type { Clock } from '../../../../Shared/Clock.ts';
import type { ByteStream, StreamHandler } from '../../../../Shared/Transport.ts';
import type { Bans } from './Bans.ts';
import { ConnectionLimits } from './ConnectionLimits.ts';
import { PreambleReader } from './PreambleReader.ts';

export interface ConnectionAcceptorOptions {
  readonly clock: Clock;
  readonly bans: Bans;
  readonly counters: { refusedConnections: number; foreignConnections: number };
  /** Takes over a connection after its preamble. */
  readonly dispatch: (kind: ConnectionKind, stream: ByteStream) => StreamHandler;
}

/** Accepts incoming connections within the limits, except from banned hosts, and reads their preamble. */
export class ConnectionAcceptor {
  readonly #options: ConnectionAcceptorOptions;
  readonly #limits = new ConnectionLimits();
  readonly #streams = new Set<ByteStream>();
  #wake: () => void = () => {};

  constructor(options: ConnectionAcceptorOptions) {
    this.#options = options;
  }

  readonly accept = (stream: ByteStream): StreamHandler => {
    const { clock, bans, counters, dispatch } = this.#options;
    const { host } = stream.remote;
    if (bans.has(host, clock.nowMs()) || !this.#limits.enter(host)) {
      counters.refusedConnections++;
      stream.destroy();
      return { closed: () => {} };
    }
    this.#streams.add(stream);
    return new PreambleReader(stream, {
      clock,
      dispatch,
      closed: (ours) => {
        if (!ours) counters.foreignConnections++;
        this.#limits.leave(host);
        this.#streams.delete(stream);
        this.#wake();
      },
    });
  };

  /** Closes all connections; resolves when they are gone. */
  async close(): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    while (this.#streams.size > 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
