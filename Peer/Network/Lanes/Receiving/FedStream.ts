import type { ByteStream, ReadTarget } from '../../../../Shared/Network/Transport.ts';

/**
 * Feeds a ReadTarget from the `data` events of a stream that cannot read into it, such as an accepted one over TLS.
 * Costs a copy. `pause` of the target holds bytes back until `resume`; the stream below is paused meanwhile, so that at
 * most one event is held.
 */
export class FedStream implements ByteStream {
  readonly #below: ByteStream;
  readonly #into: ReadTarget;
  readonly #held: Uint8Array[] = [];
  #paused = false;
  #feeding = false;

  constructor(below: ByteStream, into: ReadTarget) {
    this.#below = below;
    this.#into = into;
  }

  get remote(): ByteStream['remote'] {
    return this.#below.remote;
  }

  get localHost(): string | undefined {
    return this.#below.localHost;
  }

  data(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#feed();
  }

  write(bytes: Uint8Array, done?: () => void): boolean {
    return this.#below.write(bytes, done);
  }

  pause(): void {
    this.#paused = true;
    this.#below.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#feed();
    if (!this.#paused) this.#below.resume();
  }

  end(): void {
    this.#below.end();
  }

  destroy(): void {
    this.#paused = true;
    this.#held.length = 0;
    this.#below.destroy();
  }

  #feed(): void {
    if (this.#feeding) return;
    this.#feeding = true;
    for (let bytes = this.#next(); bytes !== undefined; bytes = this.#next()) {
      const target = this.#into.nextBuffer();
      const count = Math.min(bytes.length, target.length);
      target.set(bytes.subarray(0, count));
      if (count < bytes.length) this.#held.unshift(bytes.subarray(count));
      if (!this.#into.filled(count)) this.pause();
    }
    this.#feeding = false;
  }

  #next(): Uint8Array | undefined {
    return this.#paused ? undefined : this.#held.shift();
  }
}
