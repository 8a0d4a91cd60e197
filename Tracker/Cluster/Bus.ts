import type { InstanceId } from '../../Protocol/Ids.ts';

/** Receives what a bus has to say. Nothing is called before `open` has resolved, nor after `close`. */
export interface BusHandler {
  /** The bytes may be reused after the call. */
  readonly message: (bytes: Uint8Array) => void;
  /** The connection is there again. */
  readonly connected: () => void;
  /** The connection is lost; the bus restores it by itself. */
  readonly lost: (reason: string) => void;
}

/** An open connection to the bus. */
export interface BusConnection {
  /** Sends to all other trackers of the cluster, or to one. Dropped while the connection is lost. */
  publish(to: 'all' | InstanceId, bytes: Uint8Array): void;
  /** Sends what was published, then closes. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Messages between the trackers of one cluster: at most once each, in the order of each sender. A tracker does not
 * get its own. Two implementations pass one suite of tests: NatsBus.ts and MemoryBus.ts.
 */
export interface Bus {
  /** Connects as this tracker. @throws ShoalError UNREACHABLE, REFUSED, USAGE */
  open(self: InstanceId, handler: BusHandler): Promise<BusConnection>;
}
