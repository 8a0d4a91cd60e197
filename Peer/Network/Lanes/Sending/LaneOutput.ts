import type { Address } from '../../../../Shared/Network/Address.ts';
import type { ByteStream } from '../../../../Shared/Network/Transport.ts';
import type { LentFile } from '../../../Transfer.ts';
import type { FilePump, PumpOutcome } from '../../Ports.ts';
import type { FileRun } from '../../Sendfile/Sendfile.ts';

/** The sending side of a lane: bytes from memory, and ranges of files by the pump, in the order of the calls. */
export class LaneOutput implements ByteStream {
  readonly #stream: ByteStream;
  readonly #pump: FilePump | undefined;
  #line: number | undefined;
  /** Jobs of the pump that have not ended. Node must not write meanwhile. */
  #pumping = 0;
  /** Writes that the system has not accepted. The pump must not send meanwhile. */
  #unwritten = 0;
  /** Writes behind the jobs of the pump. */
  readonly #queued: { readonly bytes: Uint8Array; readonly done: (() => void) | undefined }[] = [];
  #waiting: (() => void)[] = [];
  #destroyed = false;

  constructor(stream: ByteStream, pump: FilePump | undefined) {
    this.#stream = stream;
    this.#pump = pump;
  }

  get remote(): Address {
    return this.#stream.remote;
  }

  get localHost(): string | undefined {
    return this.#stream.localHost;
  }

  /** Whether `pump` may be called at present. */
  get mayPump(): boolean {
    return this.#stream.descriptor?.() !== undefined && this.#pump?.begin() === true;
  }

  /** Whether a job was given to the pump. */
  get hasPumped(): boolean {
    return this.#line !== undefined;
  }

  write(bytes: Uint8Array, done?: () => void): boolean {
    if (this.#pumping > 0 && !this.#destroyed) {
      this.#queued.push({ bytes, done });
      return false;
    }
    this.#unwritten++;
    return this.#stream.write(bytes, () => {
      this.#unwritten--;
      done?.();
      this.#wakeWhenClear();
    });
  }

  /** Resolves when all writes are accepted by the system, or the lane is destroyed: `pump` may follow at once. */
  async clear(): Promise<void> {
    while (!this.#isClear && !this.#destroyed)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Sends pieces of a file. To be called when clear. @returns undefined when it cannot be sent this way now */
  pump(file: LentFile, run: FileRun): Promise<PumpOutcome> | undefined {
    const socket = this.#stream.descriptor?.();
    if (!this.#isClear || this.#destroyed || this.#pump === undefined || socket === undefined)
      return undefined;
    this.#line ??= this.#pump.newLine();
    const sent = this.#pump.send(this.#line, socket, file.descriptor, run);
    if (sent === undefined) return undefined;
    this.#pumping++;
    return sent.then((outcome) => {
      this.#pumping--;
      if (!outcome.complete) this.destroy();
      this.#writeQueued();
      return outcome;
    });
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    if (this.#line !== undefined) this.#pump?.cancel(this.#line);
    this.#stream.destroy();
    this.#writeQueued();
    this.#wakeWhenClear();
  }

  get #isClear(): boolean {
    return this.#unwritten === 0 && this.#queued.length === 0;
  }

  #writeQueued(): void {
    if (this.#pumping > 0 && !this.#destroyed) return;
    for (const { bytes, done } of this.#queued.splice(0)) this.write(bytes, done);
  }

  #wakeWhenClear(): void {
    if (!this.#isClear && !this.#destroyed) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
