import type { TrackerReply, TrackerRequest } from '../../../../Protocol/TrackerMessages.ts';
import type { PublishPlan } from './PublishPlan.ts';
import type { Purpose, TrackerSessionOptions } from './SessionTypes.ts';

/** Builds the requests of one session. */
export class SessionRequests {
  readonly #options: TrackerSessionOptions;
  #announcedVersion = 0;

  constructor(options: TrackerSessionOptions) {
    this.#options = options;
  }

  /** Catalog version announced in the last heartbeat. */
  get announcedVersion(): number {
    return this.#announcedVersion;
  }

  /** Whether a relayed query comes from the tracker that received the heartbeats. */
  isOurToken(token: string): boolean {
    return token === this.#options.queryToken;
  }

  /** Builds the request at sending time: a repeated heartbeat carries current figures. */
  make(purpose: Purpose): TrackerRequest {
    const { peerId, instanceId } = this.#options.self;
    switch (purpose.kind) {
      case 'connect':
        return { type: 'connect' };
      case 'leave':
        return { type: 'leave', peerId, instanceId };
      case 'heartbeat':
        return this.#heartbeat();
      default:
        return purpose.request;
    }
  }

  page({ plan, page }: { readonly plan: PublishPlan; readonly page: number }): TrackerRequest {
    const { peerId, instanceId } = this.#options.self;
    const { version, base, pages } = plan;
    return { type: 'publish', peerId, instanceId, version, base, page, pages, entries: plan.entriesOf(page) };
  }

  #heartbeat(): TrackerRequest {
    const { self, feed, uploads, queryToken, unlisted = false } = this.#options;
    const { peerId, instanceId, port, name } = self;
    this.#announcedVersion = feed.version;
    return {
      type: 'heartbeat',
      peerId,
      instanceId,
      port,
      name,
      catalogVersion: unlisted ? 0 : feed.version,
      files: feed.files,
      bytes: feed.bytes,
      uploads: Math.min(uploads(), 0xffff),
      queryToken,
      unlisted,
    };
  }
}

/** Whether a reply has the type that answers this request. */
export function isAnswerTo(request: TrackerRequest['type'], reply: TrackerReply['type']): boolean {
  return answers[request] === reply;
}

/** `hit` and `miss` have no answer. */
const answers: Readonly<Partial<Record<TrackerRequest['type'], TrackerReply['type']>>> = {
  connect: 'connected',
  heartbeat: 'alive',
  leave: 'left',
  publish: 'published',
  search: 'found',
  locate: 'located',
  peers: 'peerList',
  folder: 'peerList',
  assignPort: 'assigned',
};
