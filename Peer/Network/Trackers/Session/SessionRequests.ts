import type { InstanceId } from '../../../../Protocol/Ids.ts';
import { NO_TOKEN } from '../../../../Protocol/PeerProof.ts';
import type { ReplyOf, TrackerReply, TrackerRequest } from '../../../../Protocol/TrackerMessages.ts';
import type { PublishPlan } from './PublishPlan.ts';
import { isUnlisted, type PageRequest, type Purpose, type TrackerSessionOptions } from './SessionTypes.ts';

/** Builds the requests of one session. */
export class SessionRequests {
  readonly #options: TrackerSessionOptions;
  #announcedVersion = 0;
  /** From the tracker, for this peer's address; undefined: to be obtained by a proof. */
  #token: string | undefined;
  /** The tracker that demanded a proof. */
  #challenger: InstanceId | undefined;

  constructor(options: TrackerSessionOptions) {
    this.#options = options;
  }

  /** Catalog version announced in the last heartbeat. */
  get announcedVersion(): number {
    return this.#announcedVersion;
  }

  get token(): string {
    return this.#token ?? NO_TOKEN;
  }

  /** Takes a demand for a proof: the next heartbeat carries one. False: that was so already. */
  challenged(by: InstanceId): boolean {
    if (this.#token === undefined && this.#challenger === by) return false;
    this.#token = undefined;
    this.#challenger = by;
    return true;
  }

  /** A new connection id may be from a new run of the tracker. */
  connected(): void {
    this.#challenger = undefined;
  }

  heartbeatAnswered({ token }: ReplyOf<'alive'>): void {
    this.#token = token ?? this.#token;
  }

  /** Whether an unsolicited message comes from the tracker that received the heartbeats. */
  isOurToken(token: string): boolean {
    return token === this.#options.queryToken;
  }

  /** Builds the request at sending time: a repeated heartbeat carries current figures. */
  make(purpose: Purpose, connectionId: string): TrackerRequest {
    const { peerId, instanceId } = this.#options.self;
    switch (purpose.kind) {
      case 'connect':
        return { type: 'connect' };
      case 'leave':
        return { type: 'leave', peerId, instanceId, token: this.token };
      case 'heartbeat':
        return this.#heartbeat(connectionId);
      case 'page':
        return { ...purpose.request, token: this.token };
      default:
        return purpose.request;
    }
  }

  page({ plan, page }: { readonly plan: PublishPlan; readonly page: number }): PageRequest {
    const { peerId, instanceId } = this.#options.self;
    const { version, base, pages } = plan;
    const entries = plan.entriesOf(page);
    return { type: 'publish', peerId, instanceId, version, base, page, pages, entries };
  }

  #heartbeat(connectionId: string): TrackerRequest {
    const { self, feed, uploads, undialable, relays, queryToken, prove } = this.#options;
    const unlisted = isUnlisted(this.#options);
    const { peerId, instanceId, port, name } = self;
    const trackerInstance = this.#challenger;
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
      token: this.token,
      queryToken,
      unlisted,
      ...(undialable?.() === true && { undialable: true }),
      ...(relays?.() === true && { relays: true }),
      ...(trackerInstance !== undefined &&
        this.#token === undefined && {
          proof: prove({ trackerInstance, connectionId, peerId, instanceId, port }),
        }),
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
  call: 'calling',
  cluster: 'members',
  relays: 'peerList',
};
