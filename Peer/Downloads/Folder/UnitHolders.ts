import { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { PeerId } from '../../../Protocol/Ids.ts';

/** Bundles of a folder by peer: those with files that it lists, minus refused and corrupt ones. */
export class UnitHolders {
  readonly #count: number;
  readonly #have = new Map<PeerId, Bitfield>();
  readonly #refused = new Map<PeerId, Bitfield>();

  /** @param count - of bundles */
  constructor(count: number) {
    this.#count = count;
  }

  /** The bundles of a peer. Always the same object, updated in place. */
  haveOf(peerId: PeerId): Bitfield {
    return fieldOf(this.#have, peerId, this.#count);
  }

  get peers(): Iterable<PeerId> {
    return this.#have.keys();
  }

  /** Returns whether that is new. A refusal counts until `forgive`. */
  add(peerId: PeerId, unit: number): boolean {
    return this.#refused.get(peerId)?.has(unit) !== true && this.haveOf(peerId).set(unit);
  }

  refuse(peerId: PeerId, unit: number): void {
    if (this.haveOf(peerId).clear(unit)) fieldOf(this.#refused, peerId, this.#count).set(unit);
  }

  hasHolder(unit: number): boolean {
    for (const have of this.#have.values()) if (have.has(unit)) return true;
    return false;
  }

  /** Drops the refusals of a bundle: its holders are requested again. */
  forgive(unit: number): void {
    for (const [peerId, refused] of this.#refused) if (refused.clear(unit)) this.haveOf(peerId).set(unit);
  }
}

function fieldOf(fields: Map<PeerId, Bitfield>, peerId: PeerId, count: number): Bitfield {
  let field = fields.get(peerId);
  if (field === undefined) {
    field = new Bitfield(count);
    fields.set(peerId, field);
  }
  return field;
}
