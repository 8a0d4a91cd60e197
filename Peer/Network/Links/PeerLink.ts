import { FrameDecoder } from '../../../Protocol/FrameDecoder.ts';
import {
  CONTROL_FRAME_BYTES_MAX,
  GREETING_FRAME_BYTES_MAX,
  GREETING_TIMEOUT_MS,
} from '../../../Protocol/Limits.ts';
import {
  type ByeReason,
  type ControlMessage,
  decodeControl,
  encodeControl,
  encodePreamble,
  type Hello,
} from '../../../Protocol/PeerMessages.ts';
import { type Clock, every } from '../../../Shared/Clock.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import type { ByteStream, StreamHandler } from '../../../Shared/Transport.ts';
import { BatchedWriter } from '../Lanes/BatchedWriter.ts';
import { type Conversation, PeerSession, type SessionAction } from './PeerSession.ts';

/** Bytes that wait for a peer that does not read, until its link is cut. */
const BACKLOG_BYTES_MAX = 8 * 1_048_576;
/** Time for a goodbye to leave before the connection is cut. */
const GOODBYE_MS = 1_000;
/** Time for the answer to a probe: no network of ours is slower, and no busy program. */
const PROBE_MS = 6_000;

/** What a link tells. */
export interface LinkEvents {
  /** The other side said hello. */
  opened(link: PeerLink, hello: Hello): void;
  heard(link: PeerLink, message: Conversation): void;
  /** Once. No error: a goodbye in peace. `bye`: what the other side said. */
  closed(link: PeerLink, error: ShoalError | undefined, bye: ByeReason | undefined): void;
}

/** One control connection: bytes and timers around a PeerSession. */
export class PeerLink implements StreamHandler {
  readonly dialledByUs: boolean;
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
  /** Set while the answer to a probe is waited for. */
  #cancelProbe: (() => void) | undefined;

  constructor(hello: Hello, dialledByUs: boolean, clock: Clock, events: LinkEvents) {
    this.dialledByUs = dialledByUs;
    this.sinceMs = clock.nowMs();
    this.#session = new PeerSession(hello, dialledByUs, this.sinceMs);
    this.#clock = clock;
    this.#events = events;
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
  }

  /** Who is at the other end; undefined until it said hello. */
  get hello(): Hello | undefined {
    return this.#session.remote;
  }

  /** Address of the other end of the connection. Its port is the listening one only when we dialled. */
  get remote(): ByteStream['remote'] {
    return this.#stream?.remote ?? { host: '0.0.0.0', port: 0 };
  }

  get closedAlready(): boolean {
    return this.#closed;
  }

  /** Resolves when little waits to be sent. */
  calm(): Promise<void> {
    return this.#writer.calm();
  }

  /** The connection stands: begins the greeting. */
  start(stream: ByteStream): void {
    this.#stream = stream;
    if (this.#closed) {
      stream.destroy();
      return;
    }
    if (this.dialledByUs) this.#writer.write(encodePreamble('control'));
    this.#writer.open(stream);
    const tick = () => this.#act(this.#session.tick(this.#clock.nowMs()));
    this.#timers.push(every(this.#clock, GREETING_TIMEOUT_MS, tick));
    this.#act(this.#session.start());
  }

  send(message: ControlMessage): void {
    if (!this.#closed) this.sendFrame(encodeControl(message));
  }

  /** The same for a message that several are told: encoded once. */
  sendFrame(frame: Uint8Array): void {
    if (this.#closed) return;
    this.#writer.write(frame);
    if (this.#writer.backlogBytes > BACKLOG_BYTES_MAX) {
      this.#close(new ShoalError('TIMEOUT', 'it does not read what we send'), false);
    }
  }

  /** Asks for a sign of life: a link that gives none within some seconds is dead. */
  probe(): void {
    if (this.#closed || this.#cancelProbe !== undefined) return;
    const askedMs = this.#clock.nowMs();
    this.#act(this.#session.ping(askedMs));
    this.#cancelProbe = this.#clock.after(PROBE_MS, () => {
      this.#cancelProbe = undefined;
      this.#act(this.#session.judge(askedMs));
    });
  }

  close(reason: ByeReason, error?: ShoalError): void {
    this.#act(this.#session.leave(reason, error));
  }

  /** The other side broke the protocol. */
  breach(what: string): void {
    this.#act(this.#session.breach(what));
  }

  data(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      for (const { type, body } of this.#decoder.push(bytes)) {
        this.#act(this.#session.receive(decodeControl(type, body), this.#clock.nowMs()));
        if (this.#closed) return;
      }
    } catch (failure) {
      this.breach(asShoalError(failure, 'BAD_FRAME').message);
    }
  }

  drained(): void {}

  closed(error: Error | undefined): void {
    this.#cancelCut?.();
    this.#close(new ShoalError('UNREACHABLE', 'the connection broke', { cause: error }), false);
    this.#resolveGone();
  }

  /** The connection never stood. */
  failed(error: ShoalError): void {
    this.#close(error, false);
    this.#resolveGone();
  }

  #act(actions: readonly SessionAction[]): void {
    for (const action of actions) {
      switch (action.do) {
        case 'send':
          this.send(action.message);
          break;
        case 'open':
          this.#decoder.maxBodyBytes = CONTROL_FRAME_BYTES_MAX;
          this.#events.opened(this, action.hello);
          break;
        case 'hear':
          this.#events.heard(this, action.message);
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
