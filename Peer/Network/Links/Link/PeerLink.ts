import { FrameDecoder } from '../../../../Protocol/FrameDecoder.ts';
import {
  CONTROL_FRAME_BYTES_MAX,
  GREETING_FRAME_BYTES_MAX,
  GREETING_TIMEOUT_MS,
} from '../../../../Protocol/Limits.ts';
import {
  type ByeReason,
  type ControlMessage,
  decodeControl,
  encodeControl,
  type Hello,
} from '../../../../Protocol/PeerMessages.ts';
import type { ByteStream, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import { asShoalError, ShoalError } from '../../../../Shared/ShoalError.ts';
import { type Clock, every } from '../../../../Shared/Time/Clock.ts';
import { BatchedWriter } from '../../Lanes/BatchedWriter.ts';
import type { ProvenStream } from '../Accepting/Secure.ts';
import type { RelayVia } from '../Relaying/RelayTypes.ts';
import { type Conversation, PeerSession, type SessionAction } from './PeerSession.ts';

/** Unsent bytes from which the link of a peer that does not read is cut. */
const BACKLOG_BYTES_MAX = 8 * 1_048_576;
/** Time for a goodbye to be sent before the connection is cut. */
const GOODBYE_MS = 1_000;
/** Time for the answer to a probe, above any round trip and any pause of a busy program. */
const PROBE_MS = 6_000;

/** Callbacks of a link. */
export interface LinkEvents {
  /** The handshake is complete. */
  opened(link: PeerLink, hello: Hello): void;
  received(link: PeerLink, message: Conversation): void;
  /** Called once. Without an error: an orderly goodbye. `bye`: the reason that the remote side gave. */
  closed(link: PeerLink, error: ShoalError | undefined, bye: ByeReason | undefined): void;
}

/** One control connection: bytes and timers around a PeerSession. */
export class PeerLink implements StreamHandler {
  readonly dialledByUs: boolean;
  /** Undefined: the connection is direct. */
  readonly via: RelayVia | undefined;
  readonly sinceMs: number;
  /** Resolves when the connection is gone, after the goodbye. */
  readonly gone: Promise<void>;
  readonly #session: PeerSession;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #decoder = new FrameDecoder(GREETING_FRAME_BYTES_MAX);
  readonly #writer = new BatchedWriter();
  readonly #timers: (() => void)[] = [];
  #stream: ByteStream | undefined;
  #closed = false;
  #resolveGone: () => void = () => {};
  #cancelCut: (() => void) | undefined;
  /** Set while a probe is pending. */
  #cancelProbe: (() => void) | undefined;
  /** Time of the last message other than those of the session itself. */
  #usedMs: number;

  constructor(hello: Hello, dialledByUs: boolean, clock: Clock, events: LinkEvents, via?: RelayVia) {
    this.dialledByUs = dialledByUs;
    this.via = via;
    this.sinceMs = clock.nowMs();
    this.#usedMs = this.sinceMs;
    this.#session = new PeerSession(hello, dialledByUs, this.sinceMs);
    this.#clock = clock;
    this.#events = events;
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
  }

  /** The remote hello; undefined before the handshake. */
  get hello(): Hello | undefined {
    return this.#session.remote;
  }

  /** Remote address of the connection. Its port is the listening port only when we dialled. */
  get remote(): ByteStream['remote'] {
    return this.#stream?.remote ?? { host: '0.0.0.0', port: 0 };
  }

  /** Own address of the connection, where it is known. */
  get localHost(): string | undefined {
    return this.#stream?.localHost;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Milliseconds without a message, pings apart. */
  idleMs(nowMs: number): number {
    return nowMs - this.#usedMs;
  }

  /** Resolves when the send backlog is small. */
  writable(): Promise<void> {
    return this.#writer.writable();
  }

  /** Begins the handshake on an open connection. */
  start(stream: ProvenStream): void {
    this.#stream = stream;
    if (this.#closed) {
      stream.destroy();
      return;
    }
    this.#writer.open(stream);
    const tick = () => this.#act(this.#session.tick(this.#clock.nowMs()));
    this.#timers.push(every(this.#clock, GREETING_TIMEOUT_MS, tick));
    this.#act(this.#session.start(stream.provenId));
  }

  send(message: ControlMessage): void {
    if (!this.#closed) this.sendFrame(encodeControl(message));
  }

  /** Sends a message that was encoded once for several peers. */
  sendFrame(frame: Uint8Array): void {
    this.#usedMs = this.#clock.nowMs();
    this.#write(frame);
  }

  /** Pings the peer; the link counts as dead without an answer within PROBE_MS. */
  probe(): void {
    if (this.#closed || this.#cancelProbe !== undefined) return;
    const askedMs = this.#clock.nowMs();
    this.#act(this.#session.ping(askedMs));
    this.#cancelProbe = this.#clock.after(PROBE_MS, () => {
      this.#cancelProbe = undefined;
      this.#act(this.#session.checkAnswered(askedMs));
    });
  }

  close(reason: ByeReason, error?: ShoalError): void {
    this.#act(this.#session.leave(reason, error));
  }

  /** Closes the link after a protocol violation by the remote side. */
  breach(what: string): void {
    this.#act(this.#session.breach(what));
  }

  data(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      for (const { type, body } of this.#decoder.push(bytes)) {
        const message = decodeControl(type, body);
        if (message !== undefined) this.#act(this.#session.receive(message, this.#clock.nowMs()));
        if (this.#closed) return;
      }
    } catch (failure) {
      this.breach(asShoalError(failure, 'BAD_FRAME').message);
    }
  }

  drained(): void {}

  closed(error: Error | undefined): void {
    this.#cancelCut?.();
    this.#close(this.#brokenBy(error), false);
    this.#resolveGone();
  }

  /** Version 1 closes a connection of version 2 without an answer. */
  #brokenBy(error: Error | undefined): ShoalError {
    if (!this.dialledByUs || error !== undefined || this.hello !== undefined)
      return new ShoalError('UNREACHABLE', 'the connection broke', { cause: error });
    return new ShoalError('UNREACHABLE', 'it closed the connection during the handshake', {
      hint: 'It may run an older Shoal, be in a private network, or refuse connections from here for now.',
    });
  }

  /** Ends a link whose connection could not be opened. */
  failed(error: ShoalError): void {
    this.#close(error, false);
    this.#resolveGone();
  }

  #write(frame: Uint8Array): void {
    if (this.#closed) return;
    this.#writer.write(frame);
    if (this.#writer.backlogBytes > BACKLOG_BYTES_MAX) {
      this.#close(new ShoalError('TIMEOUT', 'the peer does not read our messages'), false);
    }
  }

  #act(actions: readonly SessionAction[]): void {
    for (const action of actions) {
      switch (action.do) {
        case 'send':
          this.#write(encodeControl(action.message));
          break;
        case 'open':
          this.#decoder.maxBodyBytes = CONTROL_FRAME_BYTES_MAX;
          this.#events.opened(this, action.hello);
          break;
        case 'deliver':
          this.#usedMs = this.#clock.nowMs();
          this.#events.received(this, action.message);
          break;
        case 'close':
          this.#close(action.error, true, action.bye);
          break;
      }
    }
  }

  #close(error: ShoalError | undefined, orderly: boolean, bye?: ByeReason): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    this.#cancelProbe?.();
    const stream = this.#stream;
    if (orderly && stream !== undefined) {
      this.#writer.flush();
      stream.end();
      this.#cancelCut = this.#clock.after(GOODBYE_MS, () => stream.destroy());
    } else stream?.destroy();
    this.#writer.close();
    this.#events.closed(this, error, bye);
  }
}
