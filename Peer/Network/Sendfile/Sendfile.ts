/** Sending files without copying them through this process: system calls, jobs and their ends. */

/**
 * System calls of the pump. A result below 0 is a negated errno. Descriptors are non-blocking sockets and open files.
 */
export interface Sendfile {
  /** Sends bytes that bytes of a file follow; returns the number accepted. */
  sendHeader(socket: number, bytes: Uint8Array): number;
  /** Sends up to `count` bytes of a file from `position` on; returns the number accepted. 0: the file ends there. */
  sendFile(socket: number, file: number, position: number, count: number): number;
  close(descriptor: number): void;
}

/** Bytes of a file from `position` on, in pieces, each behind a header. */
export interface FileRun {
  readonly position: number;
  /** Length of each piece. */
  readonly pieces: readonly number[];
  /**
   * Headers of all pieces, equally long, one after the other; undefined: none. Owns its ArrayBuffer, since the job is
   * copied to another thread: one object costs less there than one for each piece.
   */
  readonly headers: Uint8Array<ArrayBuffer> | undefined;
}

/** A run of one file for one connection. The pump owns both descriptors and closes them after the job. */
export interface PumpJob {
  readonly id: number;
  /** Connection: its jobs run in order. */
  readonly line: number;
  readonly socket: number;
  readonly file: number;
  readonly run: FileRun;
}

/** `cut short`: the file ended early. A number: errno. After a failure the bytes of the connection have no meaning. */
export type PumpFailure = 'cut short' | 'cancelled' | number;

export interface PumpEnd {
  readonly id: number;
  /** Bytes of the file that were sent. */
  readonly sent: number;
  /** Undefined: everything was sent. */
  readonly failure: PumpFailure | undefined;
}

/** From the main thread to the pump: a job; a connection whose jobs end now; the end of everything. */
export type PumpOrder = { readonly job: PumpJob } | { readonly cancel: number } | 'close';
