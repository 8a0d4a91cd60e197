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
import { DeferredHaves } from '../Content/DeferredHaves.ts';
import { fetchDescription } from '../Content/FetchDescription.ts';
import type { SourceContext } from '../Content/PeerSource.ts';
import { RemoteFiles, type RemoteProgress } from '../Content/RemoteFiles.ts';
import { FileListing } from '../Questions/FileListing.ts';
import { LinkAnswers } from '../Questions/LinkAnswers.ts';
import { LinkQuestions } from '../Questions/LinkQuestions.ts';
import { RequestLimits } from '../Questions/RequestLimits.ts';
import type { PeerContext } from './PeerContext.ts';
import { PeerDials } from './PeerDials.ts';
import type { PeerLink } from './PeerLink.ts';
import { PeerOffers } from './PeerOffers.ts';
import type { Conversation } from './PeerSession.ts';

export type { PeerContext } from './PeerContext.ts';

/** Files in which one peer may be interested at once. */
const INTERESTS_MAX = 65_536;
/** A peer with an open control link: the conversation between handshake and goodbye. The link below may be replaced. */
export class LinkedPeer implements SourceContext {
  readonly lane: LaneKeeper;
  readonly offers: PeerOffers;
  readonly dials: PeerDials;
  readonly #context: PeerContext;
  readonly #questions: LinkQuestions;
  readonly #files: RemoteFiles;
  readonly #answers: LinkAnswers;
  readonly #limits: RequestLimits;
  readonly #interests = new Set<FileId>();
  readonly #deferred = new DeferredHaves();
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
    const announceProgress = (fileId: FileId) => this.suggests && this.announceHoldings(fileId);
    this.#files = new RemoteFiles({
      send,
      clock,
      declared: announceProgress,
      // The sender of a push gets `haveAll` when the file is in the share.
      ending: (fileId) => {
        if (!this.offers.isFetching(fileId)) announceProgress(fileId);
      },
      wantedOfUs: (fileId) => this.#interests.has(fileId) && this.#answers.chunksOf(fileId) > 1,
    });
    this.#questions = new LinkQuestions(send, clock);
    this.offers = new PeerOffers(send, clock);
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

  /**
   * Whether the peer needs to know our chunks of a file: it is interested, pushes the file to us, or makes
   * suggestions.
   */
  follows(fileId: FileId): boolean {
    const tells = this.suggests && this.#files.has(fileId);
    return tells || this.#interests.has(fileId) || this.offers.isFetching(fileId);
  }

  /** Whether it follows and makes suggestions. */
  get suggests(): boolean {
    return this.#can('suggests');
  }

  /** Whether it grants turns to peers that line up. */
  get takesTurns(): boolean {
    return this.#can('turns');
  }

  /** Announces our chunks of a file, unless there are none. */
  announceHoldings(fileId: FileId): void {
    this.#deferred.drop(fileId);
    for (const message of this.#answers.holdings(fileId)) if (message.type !== 'haveNone') this.send(message);
  }

  /**
   * Announces new chunks. Announcements of no use to the peer are deferred, except to the sender of a push.
   * @param frame - the encoded message, used if nothing was deferred
   */
  announceHave(fileId: FileId, chunks: readonly number[], frame: () => Uint8Array): void {
    const useless = this.offers.isFetching(fileId) ? undefined : this.#files.uselessTo(fileId, chunks);
    const news = this.#deferred.add(fileId, chunks, useless, this.#context.clock.nowMs());
    if (news === chunks) this.#link.sendFrame(frame());
    else if (news !== undefined) this.send({ type: 'have', fileId, chunks: news });
  }

  /** Announces that a file is no longer here. */
  announceGone(fileId: FileId): void {
    this.#deferred.drop(fileId);
    if (!this.#interests.delete(fileId)) return;
    this.#context.notInterested(this.#contact, fileId);
    this.#files.unwatch(fileId);
    this.send({ type: 'haveNone', fileId });
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
    for (const fileId of this.#interests) this.#context.notInterested(this.#contact, fileId);
    this.#interests.clear();
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
        this.#addInterest(message.fileId);
        break;
      case 'notInterested':
        if (this.#interests.delete(message.fileId))
          this.#context.notInterested(this.#contact, message.fileId);
        this.#files.unwatch(message.fileId);
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
        this.#announceDeferred(message.fileId);
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
      case 'tracker':
        if (this.#withinLimit('trackers')) this.#context.trackerNamed(this.#contact, message);
        break;
    }
  }

  /** Announces deferred chunks to a peer that starts to make suggestions. */
  #announceDeferred(fileId: FileId): void {
    const chunks = this.#files.uselessTo(fileId, []) === 'has all' ? [] : this.#deferred.take(fileId);
    if (chunks.length > 0) this.send({ type: 'have', fileId, chunks });
  }

  #withinLimit(kind: Parameters<RequestLimits['take']>[0]): boolean {
    const within = this.#limits.take(kind, this.#context.clock.nowMs());
    if (!within) this.#context.counters.overLimit++;
    return within;
  }

  #can(feature: keyof typeof FEATURES): boolean {
    return ((this.#link.hello?.features ?? 0) & FEATURES[feature]) !== 0;
  }

  #addInterest(fileId: FileId): void {
    if (this.#interests.size >= INTERESTS_MAX) {
      this.#link.breach('interested in too many files');
      return;
    }
    const answers = this.#answers.holdings(fileId);
    for (const message of answers) this.send(message);
    if (answers[0]?.type === 'haveNone' || this.#interests.has(fileId)) return;
    this.#interests.add(fileId);
    this.#context.interested(this.#contact, fileId);
    const chunks = this.#answers.chunksOf(fileId);
    if (chunks > 1) this.#files.watch(fileId, chunks);
  }
}
