import type { PeerId } from '../../../Protocol/Ids.ts';
import { PEER_QUERY_FANOUT, PEER_QUERY_MS } from '../../../Protocol/Limits.ts';
import type { RelayQuestion } from '../../../Protocol/RelayMessages.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock, Random } from '../../../Shared/Time/Clock.ts';
import { within } from '../../../Shared/Time/Within.ts';
import type { KnownContact, PeerContact } from '../../Model.ts';
import type { PeerLinks } from '../Links/PeerLinks.ts';
import { type PeerAnswer, validFiles } from './PeerAnswers.ts';
import type { PeerBook } from './PeerBook.ts';

/** Known peers dialled per query, in addition to linked ones. */
const DIALLED_MAX = 24;

export interface PeerQueriesOptions {
  readonly links: Pick<PeerLinks, 'links' | 'connect' | 'peer'>;
  readonly book: PeerBook;
  readonly clock: Clock;
  readonly random: Random;
}

/** Queries known peers, linked ones first: finds files without a tracker. */
export class PeerQueries {
  readonly #options: PeerQueriesOptions;

  constructor(options: PeerQueriesOptions) {
    this.#options = options;
  }

  /** Answers received within PEER_QUERY_MS, validated. @throws ShoalError CANCELLED */
  async ask(question: RelayQuestion, signal: AbortSignal): Promise<readonly PeerAnswer[]> {
    return this.#askThese([...this.#linked(), ...this.#toDial()], question, signal);
  }

  /** Like `ask`, linked peers only. @throws ShoalError CANCELLED */
  askLinked(question: RelayQuestion, signal: AbortSignal): Promise<readonly PeerAnswer[]> {
    return this.#askThese(this.#linked(), question, signal);
  }

  #askThese(
    contacts: readonly PeerContact[],
    question: RelayQuestion,
    signal: AbortSignal,
  ): Promise<readonly PeerAnswer[]> {
    return this.#fromMany(contacts, signal, async (contact, deadline) => {
      const peer = await this.#options.links.peer(contact, deadline);
      const files = await peer.query(question, deadline);
      return { peer: peer.contact, files: validFiles(question, files) };
    });
  }

  /**
   * Links to known peers that are not linked yet; returns those that answered in time.
   * @throws ShoalError CANCELLED
   */
  reach(signal: AbortSignal): Promise<readonly PeerContact[]> {
    return this.#fromMany(this.#toDial(), signal, (contact, deadline) =>
      this.#options.links.connect(contact, deadline),
    );
  }

  /** Linked peers; a random selection if there are more than PEER_QUERY_FANOUT. */
  #linked(): KnownContact[] {
    const { links, random } = this.#options;
    const linked = links.links().map(({ peer }) => peer);
    while (linked.length > PEER_QUERY_FANOUT) linked.splice(Math.floor(random() * linked.length), 1);
    return linked;
  }

  #toDial(): PeerContact[] {
    const { links, book, clock } = this.#options;
    const linked = new Set<PeerId>(links.links().map(({ peer }) => peer.peerId));
    const room = Math.min(DIALLED_MAX, PEER_QUERY_FANOUT - linked.size);
    return book.candidates(room, linked, clock.nowMs());
  }

  /** Collects the results that arrive in time; ignores failures. */
  async #fromMany<T>(
    contacts: readonly PeerContact[],
    signal: AbortSignal,
    ask: (contact: PeerContact, deadline: AbortSignal) => Promise<T>,
  ): Promise<T[]> {
    const { clock, book, links } = this.#options;
    const results: T[] = [];
    const askOne = async (contact: PeerContact, deadline: AbortSignal) => {
      try {
        results.push(await ask(contact, deadline));
      } catch {
        const isLinked = links.links().some(({ peer }) => peer.peerId === contact.peerId);
        if (!isLinked && !signal.aborted) book.failed(contact, clock.nowMs());
      }
    };
    await within(clock, PEER_QUERY_MS, signal, (deadline) =>
      Promise.all(contacts.map((contact) => askOne(contact, deadline))),
    );
    if (signal.aborted) throw new ShoalError('CANCELLED', 'the query to other peers was cancelled');
    return results;
  }
}
