import type { TrackerReply, TrackerRequest } from '../../../Protocol/TrackerMessages.ts';
import type { PublishPlan } from './PublishPlan.ts';
import type { Purpose, TrackerSessionOptions } from './SessionTypes.ts';

/** Makes the requests of one session. */
export class SessionRequests {
  readonly #options: TrackerSessionOptions;
  /** By it the tracker shows that a relayed query comes from it. */
  readonly #queryToken: string;
  #announcedVersion = 0;

  constructor(options: TrackerSessionOptions) {
    const bytes = Array.from({ length: 8 }, () => Math.floor(options.random() * 256));
    this.#options = options;
    this.#queryToken = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  /** The catalog version that the last heartbeat told. */
  get announcedVersion(): number {
    return this.#announcedVersion;
  }

  /** Whether a question really comes from the tracker that got our heartbeats. */
  isOurToken(token: string): boolean {
    return token === this.#queryToken;
  }

  /** The request as it is sent now: a repeated heartbeat carries the figures of now. */
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
    const { self, feed, uploads, unlisted = false } = this.#options;
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
      queryToken: this.#queryToken,
      unlisted,
    };
  }
}

/** Whether a reply is the kind of answer that this request has. */
export function isAnswerTo(request: TrackerRequest['type'], reply: TrackerReply['type']): boolean {
  return answers[request] === reply;
}

/** `hit` and `miss` have none. */
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
