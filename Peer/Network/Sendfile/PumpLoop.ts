import type { PumpEnd, PumpFailure, PumpJob, PumpOrder, Sendfile } from './Sendfile.ts';

/**
 * Bytes of files that one connection sends before the next one has its turn. Headers do not count: else each slice
 * would end a few bytes before the piece, and the rest would cost a call.
 */
export const SLICE_BYTES = 1_048_576;
const EINTR = -4;
const EAGAIN = -11;

/** Jobs of one connection, in order. */
interface Line {
  readonly jobs: Running[];
  /** The socket accepts nothing at present. */
  full: boolean;
}

/** A job, and how far it is. */
interface Running {
  readonly job: PumpJob;
  /** The current piece, and the bytes sent of its header, of the piece and of all pieces. */
  piece: number;
  headerSent: number;
  pieceSent: number;
  sent: number;
}

/**
 * The jobs of the pump, and what is sent next: each connection in order, the connections in turns. Waits for nothing;
 * the caller polls the sockets in `full` when no connection is `ready`.
 */
export class PumpLoop {
  readonly #calls: Sendfile;
  readonly #lines = new Map<number, Line>();
  /** Connections with a failed job: their later jobs are not sent, until the connection is cancelled. */
  readonly #broken = new Set<number>();
  #ends: PumpEnd[] = [];

  constructor(calls: Sendfile) {
    this.#calls = calls;
  }

  take(order: PumpOrder): void {
    if (order === 'close') {
      for (const line of [...this.#lines.keys()]) this.#fail(line, 'cancelled');
      return;
    }
    if ('job' in order) {
      this.#add(order.job);
      return;
    }
    this.#fail(order.cancel, 'cancelled');
    this.#broken.delete(order.cancel);
  }

  /** Whether jobs are left. */
  get busy(): boolean {
    return this.#lines.size > 0;
  }

  /** Whether a connection can go on without waiting. */
  get ready(): boolean {
    for (const { full } of this.#lines.values()) if (!full) return true;
    return false;
  }

  /** Sockets that accept nothing at present, with their connections. */
  full(): readonly { readonly line: number; readonly socket: number }[] {
    const full: { line: number; socket: number }[] = [];
    for (const [line, { jobs, full: isFull }] of this.#lines)
      if (isFull && jobs[0] !== undefined) full.push({ line, socket: jobs[0].job.socket });
    return full;
  }

  /** The socket of a connection accepts bytes again, or is broken. */
  writable(line: number): void {
    const known = this.#lines.get(line);
    if (known !== undefined) known.full = false;
  }

  /** Lets every connection that can go on send one slice. */
  round(): void {
    for (const [id, line] of [...this.#lines]) if (!line.full) this.#sendSlice(id, line);
  }

  /** The jobs that ended since the last call; their descriptors are closed. */
  takeEnds(): readonly PumpEnd[] {
    const ends = this.#ends;
    this.#ends = [];
    return ends;
  }

  #add(job: PumpJob): void {
    const running = { job, piece: 0, headerSent: 0, pieceSent: 0, sent: 0 };
    if (this.#broken.has(job.line)) {
      this.#end(running, 'cancelled');
      return;
    }
    const line = this.#lines.get(job.line) ?? { jobs: [], full: false };
    this.#lines.set(job.line, line);
    line.jobs.push(running);
  }

  #sendSlice(id: number, line: Line): void {
    let room = SLICE_BYTES;
    for (let [running] = line.jobs; running !== undefined && room > 0; [running] = line.jobs) {
      const before = running.sent;
      const accepted = this.#sendSome(running, room);
      if (accepted === EAGAIN) {
        line.full = true;
        return;
      }
      if (accepted <= 0 && accepted !== EINTR) {
        this.#fail(id, accepted === 0 ? 'cut short' : -accepted);
        return;
      }
      room -= running.sent - before;
      if (running.piece === running.job.run.pieces.length) {
        line.jobs.shift();
        this.#end(running, undefined);
      }
    }
    if (line.jobs.length === 0) this.#lines.delete(id);
  }

  /** Sends some of a job. Returns the bytes accepted; 0: the file ends; or a negated errno. */
  #sendSome(running: Running, room: number): number {
    const { socket, file, run } = running.job;
    const bytes = run.pieces[running.piece];
    if (bytes === undefined) return 0;
    const headerBytes = (run.headers?.length ?? 0) / run.pieces.length;
    if (run.headers !== undefined && running.headerSent < headerBytes) {
      const start = running.piece * headerBytes;
      const accepted = this.#calls.sendHeader(
        socket,
        run.headers.subarray(start + running.headerSent, start + headerBytes),
      );
      if (accepted > 0) running.headerSent += accepted;
      return accepted;
    }
    const count = Math.min(room, bytes - running.pieceSent);
    const accepted = this.#calls.sendFile(socket, file, run.position + running.sent, count);
    if (accepted <= 0) return accepted;
    running.pieceSent += accepted;
    running.sent += accepted;
    if (running.pieceSent === bytes) {
      running.piece++;
      running.headerSent = 0;
      running.pieceSent = 0;
    }
    return accepted;
  }

  /** Ends all jobs of a connection: later bytes have no meaning without the missing ones. */
  #fail(line: number, failure: PumpFailure): void {
    const jobs = this.#lines.get(line)?.jobs ?? [];
    this.#lines.delete(line);
    this.#broken.add(line);
    for (const running of jobs) this.#end(running, failure);
  }

  #end({ job, sent }: Running, failure: PumpFailure | undefined): void {
    this.#calls.close(job.socket);
    this.#calls.close(job.file);
    this.#ends.push({ id: job.id, sent, failure });
  }
}
