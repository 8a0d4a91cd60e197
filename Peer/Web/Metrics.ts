import { countsOf, MetricSet } from '../../Shared/Program/MetricSet.ts';
import type { WebFacts } from './Ports.ts';

/** Counters of refusals and drops: name, fact, help. */
const HEALTH = [
  ['violations', 'violations', 'Links and lanes that broke the protocol'],
  ['refused_connections', 'refusedConnections', 'Connections refused: limit or ban'],
  ['evicted_connections', 'evictedConnections', 'Idle connections closed for others'],
  ['failed_handshakes', 'failedHandshakes', 'Links that proved no peer id'],
  ['foreign_connections', 'foreignConnections', 'Connections of no known protocol'],
  ['over_limit', 'overLimit', 'Questions refused by a rate limit'],
  ['dropped_datagrams', 'droppedDatagrams', 'Invalid or unexpected datagrams'],
] as const;

/** The metrics of a peer: figures only, no names of files, peers or addresses. */
export function peerMetrics(facts: () => WebFacts): MetricSet<WebFacts> {
  const metrics = new MetricSet('shoal', facts);
  metrics.counter('sent_bytes', 'Payload bytes sent, over lanes and HTTP', ({ sent }) => sent);
  metrics.counter('received_bytes', 'Payload bytes received', ({ received }) => received);
  for (const [name, fact, help] of HEALTH) metrics.counter(name, help, ({ health }) => health[fact]);
  metrics.gauge('peers', 'Known peers', ({ peers }) => peers);
  metrics.gauge('links', 'Open control links', ({ links }) => links);
  metrics.gauges('lanes', 'Open connections for chunks', 'direction', ({ health }) => ({ ...health.lanes }));
  metrics.gauge('trackers', 'Connected trackers', ({ trackers }) => trackers);
  metrics.gauge('uploads', 'Clients that are served now', ({ uploads }) => uploads);
  metrics.gauge('shared_files', 'Files of the share', ({ share }) => share.files);
  metrics.gauge('shared_bytes', 'Bytes of the share', ({ share }) => share.bytes);
  metrics.gauge('hash_queue_files', 'Files found and not hashed yet', ({ share }) => share.hashing.files);
  metrics.gauge('hash_queue_bytes', 'Bytes of these files', ({ share }) => share.hashing.bytes);
  metrics.gauge('descriptors', 'Open file descriptors', ({ health }) => health.descriptors.used ?? 0);
  const allowed = ({ health }: WebFacts) => health.descriptors.allowed;
  metrics.gauge('descriptors_allowed', 'Limit of file descriptors', allowed);
  metrics.gauges('downloads', 'Downloads since the start, by state', 'state', ({ downloads }) =>
    countsOf(downloads.map(({ state }) => state)),
  );
  metrics.gauges('stalled_downloads', 'Downloads without progress, by cause', 'cause', ({ downloads }) =>
    countsOf(downloads.flatMap(({ cause }) => cause?.code ?? [])),
  );
  return metrics;
}
