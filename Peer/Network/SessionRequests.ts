import type { TrackerReply, TrackerRequest } from '../../Protocol/TrackerMessages.ts';
import type { Random } from '../../Shared/Clock.ts';
import type { PublishPlan } from './PublishPlan.ts';
import type { TrackerSessionOptions, What } from './SessionTypes.ts';

/** The request as it is sent now: a repeated heartbeat carries the figures of now. */
export function requestOf(what: What, options: TrackerSessionOptions, queryToken: string): TrackerRequest {
  const { peerId, instanceId } = options.self;
  switch (what.kind) {
    case 'connect':
      return { type: 'connect' };
    case 'leave':
      return { type: 'leave', peerId, instanceId };
    case 'heartbeat':
      return heartbeat(options, queryToken);
    default:
      return what.request;
  }
}

function heartbeat({ self, feed, uploads }: TrackerSessionOptions, queryToken: string): TrackerRequest {
  const { peerId, instanceId, port, name } = self;
  return {
    type: 'heartbeat',
    peerId,
    instanceId,
    port,
    name,
    catalogVersion: feed.version,
    files: feed.files,
    bytes: feed.bytes,
    uploads: Math.min(uploads(), 0xffff),
    queryToken,
  };
}

export function pageRequest(plan: PublishPlan, page: number, options: TrackerSessionOptions): TrackerRequest {
  const { peerId, instanceId } = options.self;
  const { version, base, pages } = plan;
  return { type: 'publish', peerId, instanceId, version, base, page, pages, entries: plan.entriesOf(page) };
}

/** 8 random bytes as hex: by it the tracker shows that a relayed query comes from it. */
export function newQueryToken(random: Random): string {
  const bytes = Array.from({ length: 8 }, () => Math.floor(random() * 256));
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether a reply is the kind of answer that this request has. */
export function isAnswerTo(request: TrackerRequest['type'], reply: TrackerReply['type']): boolean {
  return answers[request] === reply;
}

const answers: Readonly<Record<TrackerRequest['type'], TrackerReply['type']>> = {
  connect: 'connected',
  heartbeat: 'alive',
  leave: 'left',
  publish: 'published',
  search: 'found',
  locate: 'located',
  peers: 'peerList',
  folder: 'peerList',
};
