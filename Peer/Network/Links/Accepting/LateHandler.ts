import type { StreamHandler } from '../../../../Shared/Network/Transport.ts';

/** The handler of a stream whose owner is known later: holds its bytes until then. */
export class LateHandler implements StreamHandler {
  readonly #held: Uint8Array[] = [];
  #owner: StreamHandler | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  /** Hands over what has arrived, and everything that follows. */
  handOver(owner: StreamHandler): void {
    this.#owner = owner;
    for (const bytes of this.#held.splice(0)) owner.data?.(bytes);
    if (this.#end !== undefined) owner.closed(this.#end.error);
  }

  data(bytes: Uint8Array): void {
    if (this.#owner === undefined) this.#held.push(bytes);
    else this.#owner.data?.(bytes);
  }

  drained(): void {
    this.#owner?.drained?.();
  }

  closed(error: Error | undefined): void {
    if (this.#owner === undefined) this.#end = { error };
    else this.#owner.closed(error);
  }
}
