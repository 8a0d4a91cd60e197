import type { Bitfield } from '../../../../Protocol/Bitfield.ts';
import type { FileDescription } from '../../../../Protocol/FileId.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import type { ListedFile } from '../../../../Protocol/ListedFile.ts';
import { type ControlMessage, FEATURES } from '../../../../Protocol/PeerMessages.ts';
import type { RelayedFile, RelayQuestion } from '../../../../Protocol/RelayMessages.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { KnownContact } from '../../../Model.ts';
import type { Source, SourceEvents } from '../../../Transfer.ts';
import { LaneKeeper } from '../../Lanes/Receiving/LaneKeeper.ts';
import { fetchDescription } from '../Content/FetchDescription.ts';
import type { SourceContext } from '../Content/PeerSource.ts';
import { RemoteFiles, type RemoteProgress } from '../Content/RemoteFiles.ts';
import { FileListing } from '../Questions/FileListing.ts';
import { LinkAnswers } from '../Questions/LinkAnswers.ts';
import { LinkQuestions } from '../Questions/LinkQuestions.ts';
import { RequestLimits } from '../Questions/RequestLimits.ts';
import { PeerAnnouncements } from './PeerAnnouncements.ts';
import type { PeerContext } from './PeerContext.ts';
import { PeerDials } from './PeerDials.ts';
import type { PeerLink } from './PeerLink.ts';
import { PeerOffers } from './PeerOffers.ts';
import type { Conversation } from './PeerSession.ts';

export type { PeerContext } from './PeerContext.ts';

/** A peer with an open control link: the conversation between handshake and goodbye. The link below may be replaced. */
export class LinkedPeer implements SourceContext {
  readonly lane: LaneKeeper;
  readonly offers: PeerOffers;
  readonly dials: PeerDials;
  readonly announcements: PeerAnnouncements;
  readonly #context: PeerContext;
  readonly #questions: LinkQuestions;
  readonly #files: RemoteFiles;
  readonly #answers: LinkAnswers;
  readonly #limits: RequestLimits;
  #contact: KnownContact;
  #link: PeerLink;

  constructor(contact: KnownContact, link: PeerLink, context: PeerContext) {
    this.#contact = contact;
    this.#link = link;
    this.#context = context;
    const send = (message: ControlMessage) => this.send(message);
    const { provider, clock, buffers, downLimiter, classOf } = context;
    this.#limits = new RequestLimits(clock.nowMs());
    this.#answers = new LinkAnswers({
      provider,
      send,
      writable: () => this.#link.writable(),
      matching: (question) => {
        const allowed = this.#withinLimit(question.fileId === undefined ? 'words' : 'ids');
        return allowed ? context.matching(question) : undefined;
      },
    });
    const announceProgress = (fileId: FileId) => this.suggests && this.announcements.holdings(fileId);
    this.#files = new RemoteFiles({
      send,
      clock,
      declared: announceProgress,
      // The sender of a push gets `haveAll` when the file is in the share.
      ending: (fileId) => {
        if (!this.offers.isFetching(fileId)) announceProgress(fileId);
      },
      wantedOfUs: (fileId) => this.announcements.isInterested(fileId) && this.#answers.chunksOf(fileId) > 1,
    });
    this.#questions = new LinkQuestions(send, clock);
    this.offers = new PeerOffers(send, clock);
    this.announcements = new PeerAnnouncements({
      contact: () => this.#contact,
      link: () => this.#link,
      context,
      answers: this.#answers,
      files: this.#files,
      offers: this.offers,
      suggests: () => this.suggests,
    });
    this.dials = new PeerDials({
      contact: () => this.#contact,
      link: () => this.#link,
      context,
      questions: this.#questions,
      send,
      within: (kind) => this.#withinLimit(kind),
      self: () => this,
    });
    const received = (bytes: number) => context.received(bytes);
    const open = this.dials.openLane;
    const flow = () => downLimiter.flow(classOf(this.#contact.address.host));
    const turn = (bytes: number) => this.#files.turn(bytes);
    this.lane = new LaneKeeper({ open, clock, buffers, flow, received, turn }, (reason) =>
      this.#files.fail(reason, 'standing'),
    );
  }

  get contact(): KnownContact {
    return this.#contact;
  }

  get link(): PeerLink {
    return this.#link;
  }

  send(message: ControlMessage): void {
    this.#link.send(message);
  }

  /** Whether it makes suggestions. */
  get suggests(): boolean {
    return this.#can('suggests');
  }

  /** Whether it grants turns to peers that line up. */
  get takesTurns(): boolean {
    return this.#can('turns');
  }

  /** Moves to another link with the same peer and repeats pending questions. */
  replaceLink(link: PeerLink, contact: KnownContact): void {
    this.#link = link;
    this.#contact = contact;
    this.#files.redeclare();
    this.offers.repeat();
    this.#questions.repeat();
  }

  /** Ends everything pending: the peer is gone. */
  end(reason: ShoalError): void {
    this.#questions.end(reason);
    this.lane.close(reason);
    this.#files.fail(reason);
    this.offers.fail(reason);
    this.announcements.end();
  }

  /**
   * Opens a source of one file; see SourceNetwork of Downloads/Ports.ts.
   * @param known - `complete`: the peer is known to have all of it and is not asked
   * @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, NOT_FOUND, CANCELLED
   */
  openSource(fileId: FileId, events: SourceEvents, signal: AbortSignal, known?: 'complete'): Promise<Source> {
    return this.#files.open(this, fileId, events, signal, known);
  }

  openBundles(bundles: Bitfield, events: SourceEvents): Source {
    return this.#files.openBundles(this, bundles, events);
  }

  /** @throws ShoalError INTEGRITY, NOT_FOUND, REFUSED, UNREACHABLE, TIMEOUT, CANCELLED */
  describe(fileId: FileId, signal: AbortSignal): Promise<FileDescription> {
    return fetchDescription(fileId, (firstChunk) =>
      this.#questions.ask({ type: 'describe', requestId: 0, fileId, firstChunk }, signal),
    );
  }

  /**
   * Lists its files below a folder, page by page. Each page is requested before the one before it is used.
   * @throws ShoalError REFUSED (also: beyond the bounds of FileListing), UNREACHABLE, TIMEOUT, CANCELLED, BAD_FRAME
   */
  async *listFiles(folder: string, signal: AbortSignal): AsyncGenerator<readonly ListedFile[]> {
    const { clock } = this.#context;
    const listing = new FileListing(folder, clock.nowMs());
    const ask = () => {
      const { cursor } = listing;
      const page = this.#questions.ask({ type: 'list', requestId: 0, folder, cursor }, signal);
      page.catch(() => {}); // The reader may stop before this page.
      return page;
    };
    let next = ask();
    while (!listing.complete) {
      const page = await next;
      const files = this.#checked(() => listing.add(page, clock.nowMs()));
      if (!listing.complete) next = ask();
      if (files.length > 0) yield files;
    }
  }

  /** Ends the link when an answer is one that no peer of good will gives. @throws the error of `check` */
  #checked<T>(check: () => T): T {
    try {
      return check();
    } catch (failure) {
      if (failure instanceof ShoalError && failure.code === 'BAD_FRAME') this.#link.breach(failure.message);
      throw failure;
    }
  }

  /** Whether it answers `query`. */
  get answersQueries(): boolean {
    return this.#can('answersQueries');
  }

  /** Its files that match a question; unverified claims. @throws ShoalError REFUSED, UNREACHABLE, TIMEOUT, CANCELLED */
  async query(question: RelayQuestion, signal: AbortSignal): Promise<readonly RelayedFile[]> {
    if (!this.answersQueries) throw new ShoalError('REFUSED', 'the peer does not answer searches');
    return (await this.#questions.ask({ type: 'query', requestId: 0, question }, signal)).files;
  }

  /** Whether it announced part or all of a file. */
  holds(fileId: FileId): boolean {
    return this.#files.holds(fileId);
  }

  /** Its chunks of a file, as announced. */
  progressOf(fileId: FileId): RemoteProgress | undefined {
    return this.#files.progressOf(fileId);
  }

  released(source: Parameters<RemoteFiles['release']>[0]): void {
    this.#files.release(source);
  }

  receive(message: Conversation): void {
    switch (message.type) {
      case 'list':
      case 'describe':
      case 'query':
        this.#answers.ask(message);
        break;
      case 'laneRequest': {
        const token = this.#context.grantLane(this.#contact.peerId, this.#link.remote.host);
        this.send({ type: 'laneGrant', requestId: message.requestId, token });
        break;
      }
      case 'offer':
        this.#context.offered(this.#contact, message.requestId, message);
        break;
      case 'accept':
        this.offers.receiveAccept(message.requestId);
        break;
      case 'refused':
        if (this.offers.receiveRefusal(message)) break;
        this.#questions.answer(message);
        break;
      case 'listPage':
      case 'description':
      case 'laneGrant':
      case 'hits':
      case 'dialled':
      case 'relayGrant':
        if (!this.#questions.answer(message)) this.#link.breach('an answer to another question');
        break;
      case 'interested':
        this.announcements.interested(message.fileId);
        break;
      case 'notInterested':
        this.announcements.notInterested(message.fileId);
        break;
      case 'haveAll':
      case 'bitfield':
      case 'have':
        this.offers.receiveHoldings(message);
        this.#files.receive(message);
        this.#context.holds(this.#contact, message);
        break;
      case 'haveNone':
        this.#files.receive(message);
        break;
      case 'suggest':
        this.#files.suggested(message);
        this.announcements.deferred(message.fileId);
        break;
      case 'queued':
        this.#files.queued(message.place, message.of);
        break;
      case 'serving':
        this.#files.queued(0, 0);
        break;
      case 'peers':
        if (this.#withinLimit('peers')) this.#context.named(this.#contact, message.fileId, message.peers);
        break;
      case 'dialLane':
      case 'testDial':
      case 'callPeer':
      case 'called':
      case 'relayTo':
      case 'relayedBy':
        this.dials.receive(message);
        break;
      case 'corrupt':
        if (this.#withinLimit('checks')) void this.#context.provider.recheck?.(message.fileId, message.chunk);
        break;
      case 'tracker':
        if (this.#withinLimit('trackers')) this.#context.trackerNamed(this.#contact, message);
        break;
    }
  }

  #withinLimit(kind: Parameters<RequestLimits['take']>[0]): boolean {
    const within = this.#limits.take(kind, this.#context.clock.nowMs());
    if (!within) this.#context.counters.overLimit++;
    return within;
  }

  #can(feature: keyof typeof FEATURES): boolean {
    return ((this.#link.hello?.features ?? 0) & FEATURES[feature]) !== 0;
  }
}
