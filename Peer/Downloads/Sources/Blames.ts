import type { FileId } from '../../../Protocol/Ids.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { Verdict } from '../Model.ts';
import type { FileSource } from './FileSource.ts';

/** Time in which a source that sent corrupt data may withdraw the content, as one does whose file has changed. */
export const WITHDRAWAL_MS = 3_000;

/**
 * Records corrupt data of the sources of one content. The first time a source is distrusted at once, and reported if
 * it goes on to offer the content: a file that changes while it is sent gives wrong bytes of an honest peer, which
 * withdraws it as soon as it notices. That is forgiven, once per peer and content. Until then further corrupt data
 * counts as the same event: an only source is asked for a chunk again at once.
 */
export class Blames {
  readonly #content: FileId;
  readonly #clock: Clock;
  readonly #report: (source: FileSource, verdict: Verdict) => void;
  /** Pending reports; each may be settled early. */
  readonly #pending = new Map<FileSource, () => void>();

  constructor(content: FileId, clock: Clock, report: (source: FileSource, verdict: Verdict) => void) {
    this.#content = content;
    this.#clock = clock;
    this.#report = report;
  }

  /** @param chunk - that was corrupt: the source is asked to verify it, as its file may be damaged */
  add(source: FileSource, chunk?: number): void {
    if (chunk !== undefined) source.source?.reportCorrupt?.(this.#content, chunk);
    if (this.#pending.has(source)) return;
    const { score } = source.peer;
    const verdict = score.blame(this.#content, this.#clock.nowMs());
    if (verdict !== 'distrusted') {
      this.#report(source, verdict);
      return;
    }
    const settle = () => {
      cancel();
      if (this.#pending.delete(source) && !(source.refused && score.forgive(this.#content)))
        this.#report(source, verdict);
    };
    const cancel = this.#clock.after(WITHDRAWAL_MS, settle);
    this.#pending.set(source, settle);
  }

  /** Settles what waits: the sources are about to leave. */
  settle(): void {
    for (const settle of [...this.#pending.values()]) settle();
  }
}
