import { isEncodable, type TrackerReply, type TrackerRequest } from '../../../../Protocol/TrackerMessages.ts';
import { onAbort } from '../../../../Shared/Async/OnAbort.ts';
import type { Address } from '../../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { SessionAction, TrackerSessionOptions } from './SessionTypes.ts';
import { TrackerSession } from './TrackerSession.ts';

export interface TrackerLinkOptions extends TrackerSessionOptions {
  /** Numeric address. */
  readonly address: Address;
  readonly clock: Clock;
  readonly send: (bytes: Uint8Array, to: Address) => void;
  /** Receives session events other than answers and datagrams. */
  readonly onEvent: (event: LinkEvent) => void;
}

export type LinkEvent = Extract<
  SessionAction,
  { kind: 'connected' | 'suspected' | 'lost' | 'moved' | 'caughtUp' | 'clusterNamed' | 'queried' | 'called' }
>;

interface Waiting {
  readonly resolve: (reply: TrackerReply) => void;
  readonly reject: (error: ShoalError) => void;
}

/** Runs a session with one tracker: its timer, its datagrams and the promises of pending queries. */
export class TrackerLink {
  readonly address: Address;
  readonly session: TrackerSession;
  /** Another address of this tracker, from which it has answered a request. */
  alternative: string | undefined;
  readonly #options: TrackerLinkOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #leaving: (() => void)[] = [];
  #cancelTimer: () => void = () => {};
  #timerMs = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(options: TrackerLinkOptions) {
    this.#options = options;
    this.address = options.address;
    this.session = new TrackerSession(options);
  }

  start(): void {
    this.session.start(this.#nowMs());
    this.#act();
  }

  /** Handles a reply from this tracker. False: the reply matches no pending request. */
  receive(transactionId: number, reply: TrackerReply): boolean {
    if (this.#closed) return false;
    const fits = this.session.receive(transactionId, reply, this.#nowMs());
    this.#act();
    return fits;
  }

  catalogChanged(): void {
    if (this.#closed) return;
    this.session.tick(this.#nowMs());
    this.#act();
  }

  /** Sends a heartbeat now, or a connection attempt if the tracker is lost. */
  announce(): void {
    if (this.#closed) return;
    this.session.announce(this.#nowMs());
    this.#act();
  }

  /** @throws ShoalError USAGE (a text is too long for the protocol), NO_TRACKER, TIMEOUT, REFUSED, CANCELLED */
  ask(request: TrackerRequest, signal: AbortSignal): Promise<TrackerReply> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(cancelled());
      // It is encoded later, where a failure would end the program.
      if (!isEncodable(request)) return reject(tooLong());
      if (this.#closed) return reject(new ShoalError('NO_TRACKER', 'the link to the tracker is closed'));
      const ask = this.session.ask(request, this.#nowMs());
      const aborted = () => {
        this.session.forget(ask);
        this.#waiting.delete(ask);
        reject(cancelled());
      };
      const done = onAbort(signal, aborted);
      this.#waiting.set(ask, {
        resolve: (reply) => {
          done();
          resolve(reply);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      });
      this.#act();
    });
  }

  /**
   * Deregisters. Resolves when the tracker has confirmed, possibly never: the caller bounds the wait, then closes.
   */
  leave(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve();
      this.#leaving.push(resolve);
      this.session.leave(this.#nowMs());
      this.#failAll(new ShoalError('CANCELLED', 'the peer is closing'));
      this.#act();
    });
  }

  /** Stops without deregistering. Safe to call twice. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    this.#failAll(new ShoalError('NO_TRACKER', 'the link to the tracker is closed'));
    for (const left of this.#leaving.splice(0)) left();
  }

  /** Performs pending actions, then sets the timer for the next tick. */
  #act(): void {
    for (const action of this.session.takeActions()) this.#perform(action);
    if (this.#closed) return;
    const { nextMs } = this.session;
    if (nextMs >= this.#timerMs) return; // The earlier timer re-evaluates this.
    this.#cancelTimer();
    this.#timerMs = nextMs;
    this.#cancelTimer = this.#options.clock.after(nextMs - this.#nowMs(), () => {
      this.#timerMs = Number.POSITIVE_INFINITY;
      this.session.tick(this.#nowMs());
      this.#act();
    });
  }

  #perform(action: SessionAction): void {
    switch (action.kind) {
      case 'send':
        this.#options.send(action.bytes, this.address);
        break;
      case 'answered':
        this.#takeWaiting(action.ask)?.resolve(action.reply);
        break;
      case 'failed':
        this.#takeWaiting(action.ask)?.reject(action.error);
        break;
      case 'left':
        for (const left of this.#leaving.splice(0)) left();
        break;
      default:
        if (!this.#closed) this.#options.onEvent(action);
    }
  }

  #takeWaiting(ask: number): Waiting | undefined {
    const waiting = this.#waiting.get(ask);
    this.#waiting.delete(ask);
    return waiting;
  }

  #failAll(error: ShoalError): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of all) reject(error);
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }
}

function tooLong(): ShoalError {
  return new ShoalError('USAGE', 'the name is too long to ask a tracker for', {
    hint: (command) => `Use the id of the file: ${command('search <words>')} shows it.`,
  });
}

function cancelled(): ShoalError {
  return new ShoalError('CANCELLED', 'the query to the tracker was cancelled');
}
