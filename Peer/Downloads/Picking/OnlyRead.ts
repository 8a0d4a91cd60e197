import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { ReadWindows } from './ReadWindows.ts';
import type { UnitRequest, UnitScheduler } from './UnitScheduler.ts';

/** Restricts a scheduler to the units that readers need now. It must begin with every unit verified. */
export class OnlyRead<Key> {
  readonly #scheduler: UnitScheduler<Key>;
  readonly #readers: ReadWindows;
  /** Units that can be read already. */
  readonly #verified: Bitfield;
  #wanted: ReadonlySet<number> = new Set();

  constructor(scheduler: UnitScheduler<Key>, readers: ReadWindows, verified: Bitfield) {
    this.#scheduler = scheduler;
    this.#readers = readers;
    this.#verified = verified;
  }

  /** Call after windows have moved. @returns requests to cancel, which are closed here; whether units became missing */
  update(): { readonly dropped: readonly UnitRequest<Key>[]; readonly isMore: boolean } {
    const wanted = this.#readers.units();
    const dropped: UnitRequest<Key>[] = [];
    for (const unit of this.#wanted) {
      if (wanted.has(unit)) continue;
      const requests = [...this.#scheduler.requestsFor(unit)];
      for (const request of requests) this.#scheduler.failed(request);
      this.#scheduler.want(unit, false);
      dropped.push(...requests);
    }
    const added = [...wanted].filter(
      (unit) => !this.#verified.has(unit) && this.#scheduler.stateOf(unit) === 'verified',
    );
    for (const unit of added) this.#scheduler.want(unit, true);
    this.#wanted = wanted;
    return { dropped, isMore: added.length > 0 };
  }
}
