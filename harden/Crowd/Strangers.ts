import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { encodePreamble } from '../../Protocol/PeerMessages.ts';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';

/** Interval between the bytes of a slow connection. */
const SLOW_MS = 1_000;

/** A first message, and whether it is sent byte by byte. */
interface Manner {
  readonly bytes: Uint8Array;
  readonly slow?: boolean;
}

/** First messages of strangers: none, halves, garbage, and preambles byte by byte. */
function manners(random: SeededRandom): readonly Manner[] {
  const halfHello = Buffer.from('160301020001', 'hex');
  return [
    { bytes: Buffer.alloc(0) },
    { bytes: random.bytes(200) },
    { bytes: halfHello },
    { bytes: Buffer.concat([halfHello, random.bytes(500)]) },
    { bytes: encodePreamble('lane').subarray(0, 3) },
    { bytes: Buffer.concat([encodePreamble('lane'), random.bytes(100)]) },
    { bytes: encodePreamble('lane') },
    { bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') },
    { bytes: encodePreamble('lane'), slow: true },
    { bytes: Buffer.from('OPTIONS * HTTP/1.1\r\n'), slow: true },
  ];
}

/** Connections of strangers from many loopback addresses. */
export class Strangers {
  opened = 0;
  /** Longest time in milliseconds for which a connection stayed open. */
  longestMs = 0;
  readonly #port: number;
  readonly #random: SeededRandom;
  readonly #open = new Map<Socket, number>();
  #stopped = false;

  constructor(port: number, random: SeededRandom) {
    this.#port = port;
    this.#random = random;
  }

  get open(): number {
    return this.#open.size;
  }

  /** Opens `count` connections, `perSecond` of them each second. */
  async come(count: number, perSecond: number): Promise<void> {
    const all = manners(this.#random);
    const batch = Math.ceil(perSecond / 20);
    for (let at = 0; at < count && !this.#stopped; at++) {
      const manner = all[at % all.length];
      if (manner !== undefined) this.#enter(manner);
      if (at % batch === 0) await pause(50);
    }
  }

  /** Resolves when the other side has closed all, or at the timeout. Returns the number still open. */
  async gone(withinMs: number): Promise<number> {
    const endMs = performance.now() + withinMs;
    while (this.#open.size > 0 && performance.now() < endMs) await pause(50);
    return this.#open.size;
  }

  stop(): void {
    this.#stopped = true;
    for (const socket of this.#open.keys()) socket.destroy();
  }

  #enter({ bytes, slow = false }: Manner): void {
    const part = () => this.#random.int(1, 254);
    const socket = connect({
      port: this.#port,
      host: '127.0.0.1',
      localAddress: `127.${part()}.${part()}.${part()}`,
    });
    let cancel = () => {};
    socket.on('error', () => {}).resume();
    socket.on('connect', () => {
      this.opened++;
      this.#open.set(socket, performance.now());
      if (!slow) socket.write(bytes);
      else cancel = writeSlowly(socket, bytes);
    });
    socket.on('close', () => {
      cancel();
      const sinceMs = this.#open.get(socket);
      this.#open.delete(socket);
      if (sinceMs !== undefined && !this.#stopped)
        this.longestMs = Math.max(this.longestMs, performance.now() - sinceMs);
    });
  }
}

function writeSlowly(socket: Socket, bytes: Uint8Array): () => void {
  let at = 0;
  const timer = setInterval(() => {
    if (at < bytes.length) socket.write(bytes.subarray(at, ++at));
  }, SLOW_MS);
  return () => clearInterval(timer);
}
