import type { Context } from 'hono';
import { every } from '../../../Shared/Time/Clock.ts';
import type { WebOptions } from '../Ports.ts';
import { failureJson } from './Envelope.ts';

/** Concurrent streams of events; further ones get status 503. */
const STREAMS_MAX = 256;
const INTERVAL_MS = 1_000;
/** Intervals without an event after which a comment keeps the connection alive. */
const QUIET_INTERVALS = 15;
/** Bytes that a stream may hold for a slow reader before it is ended. */
const BACKLOG_BYTES_MAX = 1_024 * 1_024;
/** Items of one event. */
const ITEMS = 500;

/** Lists whose changes are events: name of the event, and the command with the list. */
const TOPICS: Readonly<Record<string, string>> = {
  downloads: 'downloads',
  uploads: 'uploads',
  limits: 'limit',
  offers: 'accept',
  pushes: 'send',
};

type Stream = ReadableStreamDefaultController<Uint8Array>;

/**
 * Server-sent events: a list whenever it has changed, at most once a second, and news of the peer. Each event is made
 * once for all streams.
 */
export class Events {
  readonly #options: WebOptions;
  readonly #streams = new Set<Stream>();
  readonly #last = new Map<string, Uint8Array>();
  readonly #asking = new Set<string>();
  readonly #gone = new AbortController();
  #stop: (() => void) | undefined;
  #quiet = 0;

  constructor(options: WebOptions) {
    this.#options = options;
  }

  /** Answers with a stream that begins with all lists. */
  answer(c: Context): Response {
    const head = { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' };
    if (this.#streams.size >= STREAMS_MAX) {
      return c.body(failureJson('events', 'BUSY', 'too many streams of events', 'Close some.'), 503, {
        'Content-Type': 'application/json; charset=utf-8',
      });
    }
    let own: Stream | undefined;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (stream) => {
          own = stream;
          this.#streams.add(stream);
          for (const event of this.#last.values()) stream.enqueue(event);
          this.#begin();
        },
        cancel: () => this.#left(own),
      },
      { highWaterMark: BACKLOG_BYTES_MAX, size: (event) => event?.byteLength ?? 0 },
    );
    return c.body(body, 200, head);
  }

  close(): void {
    this.#gone.abort();
    for (const stream of [...this.#streams]) this.#end(stream);
  }

  #begin(): void {
    if (this.#stop !== undefined) return;
    const { clock, host } = this.#options;
    const stopNews = host.onNews(({ kind, text }) => this.#send('news', JSON.stringify({ kind, text })));
    const stopTimer = every(clock, INTERVAL_MS, () => this.#ask());
    this.#stop = () => {
      stopNews();
      stopTimer();
    };
    this.#ask();
  }

  #ask(): void {
    this.#quiet++;
    if (this.#quiet >= QUIET_INTERVALS) this.#write(Buffer.from(': alive\n\n'));
    for (const [topic, line] of Object.entries(TOPICS)) void this.#askOne(topic, line);
  }

  async #askOne(topic: string, line: string): Promise<void> {
    if (this.#asking.has(topic)) return;
    this.#asking.add(topic);
    const window = { from: 0, count: ITEMS };
    const { json } = await this.#options.host.run(
      { words: [line], command: topic, window },
      this.#gone.signal,
    );
    this.#asking.delete(topic);
    const event = eventOf(topic, json);
    if (this.#last.get(topic) !== undefined && Buffer.compare(this.#last.get(topic) ?? event, event) === 0)
      return;
    this.#last.set(topic, event);
    this.#write(event);
  }

  #send(name: string, json: string): void {
    this.#write(eventOf(name, json));
  }

  #write(event: Uint8Array): void {
    this.#quiet = 0;
    for (const stream of [...this.#streams]) {
      if ((stream.desiredSize ?? 0) <= 0) this.#end(stream);
      else stream.enqueue(event);
    }
  }

  #end(stream: Stream): void {
    this.#left(stream);
    try {
      stream.close();
    } catch {
      // The client has closed it.
    }
  }

  #left(stream: Stream | undefined): void {
    if (stream !== undefined) this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
    this.#last.clear();
  }
}

/** `data` is one line of JSON. */
function eventOf(name: string, json: string): Uint8Array {
  return Buffer.from(`event: ${name}\ndata: ${json}\n\n`);
}
