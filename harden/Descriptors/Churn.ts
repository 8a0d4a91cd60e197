import { closeSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LaneOutput } from '../../Peer/Network/Lanes/Sending/LaneOutput.ts';
import { listen } from '../../Peer/Network/Links/Accepting/StreamSockets.ts';
import { Pump } from '../../Peer/Network/Sendfile/Pump.ts';
import type { ByteStream, StreamHandler } from '../../Shared/Network/Transport.ts';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import { GIVES, give, takeOver } from './Giving.ts';

/** Files of one repeated byte each: a byte at a wrong connection, or of a wrong file, is detected. */
const FILES = 7;
const FILE_BYTES = 2_000_000;
const JOB_BYTES_MAX = 700_000;
/** Connections at once: enough to exhaust `ulimit -n 256`. */
const CONNECTIONS = 120;
/** A client disconnects after a random number of bytes up to this one, or after this time. */
const CLIENT_BYTES_MAX = 3_000_000;
const CLIENT_MS = 500;
/** Bytes of no file, for connections that request none. */
const IDLE_ANSWER = 255;

/** Result of a run. */
export interface ChurnFindings {
  connections: number;
  /** Jobs of the pump, and writes where it had no descriptor left. */
  jobs: number;
  copies: number;
  /** Accepted connections whose bytes, after the first ones, were read into memory of their owner. */
  takenOver: number;
  bytes: number;
  wrongBytes: number;
  /** Jobs that never ended. */
  hanging: number;
  /** Descriptors at the end beyond those at the start. */
  leaked: number;
}

/**
 * Serves files by the pump to connections, and reads bytes from others, that are opened, stopped, ended, reset and
 * destroyed from both sides all the time, so that the system gives numbers of closed descriptors to new ones meanwhile.
 */
export class Churn {
  readonly #random: SeededRandom;
  readonly #paths: readonly string[];
  readonly #pump = new Pump();
  readonly #found: ChurnFindings = {
    connections: 0,
    jobs: 0,
    copies: 0,
    takenOver: 0,
    bytes: 0,
    wrongBytes: 0,
    hanging: 0,
    leaked: 0,
  };

  constructor(folder: string, random: SeededRandom) {
    this.#random = random;
    this.#paths = Array.from({ length: FILES }, (_, number) => {
      const path = join(folder, String(number));
      writeFileSync(path, Buffer.alloc(FILE_BYTES, number + 1));
      return path;
    });
  }

  /** @throws Error when files cannot be sent by `sendfile` here */
  async run(durationMs: number): Promise<ChurnFindings> {
    await (await listen(0, () => ({ closed: () => {} }))).close(); // Node keeps one descriptor open after its first use.
    const before = openDescriptors();
    for (let waits = 0; waits < 1_000 && !this.#pump.begin(); waits++) await pause(10);
    if (!this.#pump.begin()) throw new Error(`nothing to try: ${this.#pump.state.reason}`);
    const listener = await listen(0, (stream) => this.#serve(stream));
    const untilMs = performance.now() + durationMs;
    const clients = Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < untilMs) await this.#client(listener.local.port);
    });
    await Promise.all(clients);
    await listener.close();
    await this.#pump.close();
    for (let waits = 0; waits < 100 && openDescriptors() > before; waits++) await pause(50);
    this.#found.leaked = openDescriptors() - before;
    return this.#found;
  }

  /** Answers the first byte: the number of a file, IDLE_ANSWER for a few bytes of that value, or GIVES. */
  #serve(stream: ByteStream): StreamHandler {
    const output = new LaneOutput(stream, this.#pump);
    let open = true;
    return {
      data: (bytes) => {
        const [wish = 0] = bytes;
        if (wish === GIVES) takeOver(stream, bytes[1] ?? 0, this.#random, this.#found);
        else if (wish === IDLE_ANSWER) output.write(Buffer.alloc(100, IDLE_ANSWER));
        else void this.#send(output, wish, () => open);
      },
      closed: () => {
        open = false;
        output.destroy();
      },
    };
  }

  async #send(output: LaneOutput, wish: number, isOpen: () => boolean): Promise<void> {
    const random = this.#random;
    const quitsAt = random.chance(0.3) ? random.int(1, 20) : Number.POSITIVE_INFINITY;
    for (let job = 1; isOpen(); job++) {
      if (job === quitsAt) return output.destroy();
      const bytes = random.int(1, JOB_BYTES_MAX);
      const headers = random.chance(0.8) ? new Uint8Array(random.int(1, 20)).fill(wish) : undefined;
      await output.clear();
      const ended = isOpen() ? this.#pumpOnce(output, wish, bytes, headers) : undefined;
      if (ended === undefined) {
        this.#found.copies++;
        await new Promise<void>((resolve) => output.write(Buffer.alloc(1_000, wish), resolve));
        continue;
      }
      this.#found.jobs++;
      this.#found.hanging++;
      const settled = ended.then(() => this.#found.hanging--);
      // Two pending jobs, as on lanes.
      if (random.chance(0.5)) await settled;
    }
  }

  /** The file is closed at once: its number is free for others while the job runs. */
  #pumpOnce(output: LaneOutput, wish: number, bytes: number, headers: Uint8Array<ArrayBuffer> | undefined) {
    try {
      const descriptor = openSync(this.#paths[wish - 1] ?? '', 'r');
      const position = this.#random.int(0, FILE_BYTES - bytes);
      const run = { position, pieces: [bytes], headers };
      try {
        return output.pump({ descriptor, position, giveBack: () => {} }, run);
      } finally {
        closeSync(descriptor);
      }
    } catch {
      return undefined; // Too many open files.
    }
  }

  /** One connection, from its request to any kind of end. Never rejects. */
  async #client(port: number): Promise<void> {
    const random = this.#random;
    const socket = connect(port, '127.0.0.1');
    if (random.chance(0.2)) {
      this.#found.connections++;
      await give(socket, random.int(1, FILES), random, () => this.#finish(socket));
      return;
    }
    const wish = random.chance(0.2) ? IDLE_ANSWER : random.int(1, FILES);
    const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.once('connect', () => {
      this.#found.connections++;
      socket.write(Buffer.of(wish));
    });
    let left = random.int(1, CLIENT_BYTES_MAX);
    const enough = new Promise<void>((resolve) => {
      socket.on('data', (bytes: Buffer) => {
        this.#check(bytes, wish);
        left -= bytes.length;
        if (left <= 0) resolve();
      });
    });
    if (random.chance(0.3)) {
      socket.pause();
      await pause(random.int(1, 150));
      socket.resume();
    }
    await Promise.race([over, enough, pause(CLIENT_MS)]);
    this.#finish(socket);
    await over;
  }

  #finish(socket: Socket): void {
    const how = this.#random.int(1, 3);
    if (how === 1) socket.destroy();
    else if (how === 2) socket.resetAndDestroy();
    else {
      socket.end();
      socket.destroySoon();
    }
  }

  #check(bytes: Buffer, wish: number): void {
    this.#found.bytes += bytes.length;
    if (bytes.equals(Buffer.alloc(bytes.length, wish))) return;
    for (const byte of bytes) if (byte !== wish) this.#found.wrongBytes++;
  }
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
