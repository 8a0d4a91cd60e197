import type { Sendfile } from '../../../../Peer/Network/Sendfile/Sendfile.ts';

/** System calls with the given results, then full success. */
export class FakeCalls implements Sendfile {
  /** Every call. */
  readonly log: string[] = [];
  readonly #answers: number[];

  /** @param answers - results of the first calls that send: bytes accepted, or negated errno */
  constructor(answers: readonly number[] = []) {
    this.#answers = [...answers];
  }

  /** Closed descriptors, in order. */
  get closed(): readonly number[] {
    return this.log.flatMap((line) => (line.startsWith('close ') ? [Number(line.slice(6))] : []));
  }

  /** Sockets of the calls that send, in order. */
  sockets(): readonly number[] {
    return this.log.flatMap((line) => /(?:header |->)(\d+)/.exec(line)?.[1] ?? []).map(Number);
  }

  sendHeader(socket: number, bytes: Uint8Array): number {
    this.log.push(`header ${socket}: ${bytes.join(',')}`);
    return this.#answers.shift() ?? bytes.length;
  }

  sendFile(socket: number, file: number, position: number, count: number): number {
    this.log.push(`file ${file}->${socket}: ${position}+${count}`);
    return this.#answers.shift() ?? count;
  }

  close(descriptor: number): void {
    this.log.push(`close ${descriptor}`);
  }
}
