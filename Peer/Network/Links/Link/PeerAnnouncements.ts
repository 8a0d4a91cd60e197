import type { FileId } from '../../../../Protocol/Ids.ts';
import type { KnownContact } from '../../../Model.ts';
import { DeferredHaves } from '../Content/DeferredHaves.ts';
import type { RemoteFiles } from '../Content/RemoteFiles.ts';
import type { LinkAnswers } from '../Questions/LinkAnswers.ts';
import type { PeerContext } from './PeerContext.ts';
import type { PeerLink } from './PeerLink.ts';
import type { PeerOffers } from './PeerOffers.ts';

/** Files in which one peer may be interested at once. */
const INTERESTS_MAX = 65_536;

export interface PeerAnnouncementsOptions {
  readonly contact: () => KnownContact;
  readonly link: () => PeerLink;
  readonly context: Pick<PeerContext, 'clock' | 'interested' | 'notInterested'>;
  readonly answers: LinkAnswers;
  readonly files: RemoteFiles;
  readonly offers: PeerOffers;
  /** Whether the peer makes suggestions. */
  readonly suggests: () => boolean;
}

/** Interest of one linked peer in our files, and announcements of our chunks to it. */
export class PeerAnnouncements {
  readonly #options: PeerAnnouncementsOptions;
  readonly #interests = new Set<FileId>();
  readonly #deferred = new DeferredHaves();

  constructor(options: PeerAnnouncementsOptions) {
    this.#options = options;
  }

  isInterested(fileId: FileId): boolean {
    return this.#interests.has(fileId);
  }

  /**
   * Whether the peer needs to know our chunks of a file: it is interested, pushes the file to us, or makes
   * suggestions.
   */
  areWanted(fileId: FileId): boolean {
    const { files, offers, suggests } = this.#options;
    return (suggests() && files.has(fileId)) || this.isInterested(fileId) || offers.isFetching(fileId);
  }

  /** Announces our chunks of a file, unless there are none. */
  holdings(fileId: FileId): void {
    const { answers, link } = this.#options;
    this.#deferred.drop(fileId);
    for (const message of answers.holdings(fileId)) if (message.type !== 'haveNone') link().send(message);
  }

  /**
   * Announces new chunks. Announcements of no use to the peer are deferred, except to the sender of a push.
   * @param frame - the encoded message, used if nothing was deferred
   */
  have(fileId: FileId, chunks: readonly number[], frame: () => Uint8Array): void {
    const { files, offers, context, link } = this.#options;
    const useless = offers.isFetching(fileId) ? undefined : files.uselessTo(fileId, chunks);
    const news = this.#deferred.add(fileId, chunks, useless, context.clock.nowMs());
    if (news === chunks) link().sendFrame(frame());
    else if (news !== undefined) link().send({ type: 'have', fileId, chunks: news });
  }

  /** Announces deferred chunks to a peer that starts to make suggestions. */
  deferred(fileId: FileId): void {
    const { files, link } = this.#options;
    const chunks = files.uselessTo(fileId, []) === 'has all' ? [] : this.#deferred.take(fileId);
    if (chunks.length > 0) link().send({ type: 'have', fileId, chunks });
  }

  /** Announces that a file is no longer here. */
  gone(fileId: FileId): void {
    this.#deferred.drop(fileId);
    if (!this.isInterested(fileId)) return;
    this.notInterested(fileId);
    this.#options.link().send({ type: 'haveNone', fileId });
  }

  /** Answers the interest of the peer with our chunks. */
  interested(fileId: FileId): void {
    const { answers, files, context, contact, link } = this.#options;
    if (this.#interests.size >= INTERESTS_MAX) {
      link().breach('interested in too many files');
      return;
    }
    const holdings = answers.holdings(fileId);
    for (const message of holdings) link().send(message);
    if (holdings[0]?.type === 'haveNone' || this.isInterested(fileId)) return;
    this.#interests.add(fileId);
    context.interested(contact(), fileId);
    const chunks = answers.chunksOf(fileId);
    if (chunks > 1) files.watch(fileId, chunks);
  }

  notInterested(fileId: FileId): void {
    const { context, contact, files } = this.#options;
    if (this.#interests.delete(fileId)) context.notInterested(contact(), fileId);
    files.unwatch(fileId);
  }

  /** Ends all interest: the peer is gone. */
  end(): void {
    const { context, contact } = this.#options;
    for (const fileId of this.#interests) context.notInterested(contact(), fileId);
    this.#interests.clear();
  }
}
