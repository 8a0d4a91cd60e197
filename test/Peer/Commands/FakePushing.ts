import type { LocalContent, PushControls } from '../../../Peer/Commands/Ports.ts';
import type { PeerContact } from '../../../Peer/Model.ts';
import type { OfferStatus, PartStatus, PushStatus } from '../../../Peer/PushModel.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';

/** Pushes without a network: tests set their ends, and calls are recorded. */
export class FakePushing implements PushControls {
  readonly calls: string[] = [];
  contents: LocalContent[] = [];
  here: PartStatus[] = [];
  sent: PushStatus[] = [];
  waiting: OfferStatus[] = [];
  readonly #listeners = new Set<(push: PushStatus, confirmed: readonly number[]) => void>();
  readonly #ends = new Map<number, (push: PushStatus) => void>();

  findLocal(what: string): LocalContent {
    const found = this.contents.find(({ path }) => path === what);
    if (found === undefined) throw new ShoalError('NOT_FOUND', `there is no "${what}" in the share`);
    return found;
  }

  parts(what?: string): readonly PartStatus[] {
    return what === undefined ? this.here : this.here.filter(({ path }) => path === what);
  }

  send({ fileId, size, path }: LocalContent, peer: PeerContact): PushStatus {
    this.calls.push(`send ${path} ${peer.name}`);
    const push: PushStatus = {
      number: this.sent.length + 1,
      fileId,
      path,
      size,
      peer,
      state: 'offered',
      chunkCount: 3,
      chunks: 3,
      confirmed: 0,
      error: undefined,
      startedWallMs: 0,
    };
    this.sent.push(push);
    return push;
  }

  pushes(): readonly PushStatus[] {
    return this.sent;
  }

  pushed(number: number, signal: AbortSignal): Promise<PushStatus> {
    return new Promise((resolve, reject) => {
      this.#ends.set(number, resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  onPush(listener: (push: PushStatus, confirmed: readonly number[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  offers(): readonly OfferStatus[] {
    return this.waiting;
  }

  async accept(number: number, always: boolean): Promise<OfferStatus> {
    this.calls.push(`accept ${number}${always ? ' always' : ''}`);
    return this.#take(number);
  }

  reject(number: number): OfferStatus {
    this.calls.push(`reject ${number}`);
    return this.#take(number);
  }

  /** Changes a push, and resolves waits for its end. */
  change(change: Partial<PushStatus>, confirmed: readonly number[] = []): void {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error('nothing was sent');
    const now = { ...last, ...change };
    this.sent[this.sent.length - 1] = now;
    for (const listener of this.#listeners) listener(now, confirmed);
    if (['done', 'already there', 'failed'].includes(now.state)) this.#ends.get(now.number)?.(now);
  }

  #take(number: number): OfferStatus {
    const found = this.waiting.find((each) => each.number === number);
    if (found === undefined) throw new ShoalError('NOT_FOUND', `there is no pending offer ${number}`);
    return found;
  }
}
