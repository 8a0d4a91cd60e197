import type { ConnectionKind } from '../../../../Protocol/PeerMessages.ts';
import type { Clock } from '../../../../Shared/Clock.ts';
import type { ByteStream, StreamHandler } from '../../../../Shared/Transport.ts';
import type { Bans } from './Bans.ts';
import { ConnectionLimits } from './ConnectionLimits.ts';
import { versionText } from './OtherVersion.ts';
import { PreambleReader } from './PreambleReader.ts';

/** Hosts of another version named in the log. */
const OTHER_VERSIONS_MAX = 100;

export interface ConnectionAcceptorOptions {
  readonly clock: Clock;
  readonly bans: Bans;
  readonly counters: { refusedConnections: number; foreignConnections: number };
  readonly note: (text: string) => void;
  /** Takes over a connection after its preamble. */
  readonly dispatch: (kind: ConnectionKind, stream: ByteStream) => StreamHandler;
}

/** Accepts incoming connections within the limits, except from banned hosts, and reads their preamble. */
export class ConnectionAcceptor {
  readonly #options: ConnectionAcceptorOptions;
  readonly #limits = new ConnectionLimits();
  readonly #streams = new Set<ByteStream>();
  readonly #otherVersions = new Set<string>();
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
      otherVersion: (version) => this.#otherVersion(host, version),
      closed: (ours) => {
        if (!ours) counters.foreignConnections++;
        this.#limits.leave(host);
        this.#streams.delete(stream);
        this.#wake();
      },
    });
  };

  /** Names a host of another version in the log, once. */
  #otherVersion(host: string, version: number): void {
    if (this.#otherVersions.has(host) || this.#otherVersions.size >= OTHER_VERSIONS_MAX) return;
    this.#otherVersions.add(host);
    this.#options.note(`${host} tried to connect: ${versionText(version)}`);
  }

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
