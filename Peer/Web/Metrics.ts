import { countsOf, MetricSet } from '../../Shared/Program/MetricSet.ts';
import type { WebFacts } from './Ports.ts';

/** The metrics of a peer: figures only, no names of files, peers or addresses. */
export function peerMetrics(facts: () => WebFacts): MetricSet<WebFacts> {
  const metrics = new MetricSet('shoal', facts);
  metrics.counter('sent_bytes', 'Payload bytes sent, over lanes and HTTP', ({ sent }) => sent);
  metrics.counter('received_bytes', 'Payload bytes received', ({ received }) => received);
  metrics.counter('violations', 'Links and lanes that broke the protocol', ({ health }) => health.violations);
  metrics.counter(
    'refused_connections',
    'Connections refused: limit or ban',
    ({ health }) => health.refusedConnections,
  );
  metrics.counter(
    'evicted_connections',
    'Idle connections closed for others',
    ({ health }) => health.evictedConnections,
  );
  metrics.counter(
    'failed_handshakes',
    'Links that proved no peer id',
    ({ health }) => health.failedHandshakes,
  );
  metrics.counter(
    'foreign_connections',
    'Connections of no known protocol',
    ({ health }) => health.foreignConnections,
  );
  metrics.counter('over_limit', 'Questions refused by a rate limit', ({ health }) => health.overLimit);
  metrics.counter(
    'dropped_datagrams',
    'Invalid or unexpected datagrams',
    ({ health }) => health.droppedDatagrams,
  );
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
  metrics.gauge(
    'descriptors_allowed',
    'Limit of file descriptors',
    ({ health }) => health.descriptors.allowed,
  );
  metrics.gauges('downloads', 'Downloads since the start, by state', 'state', ({ downloads }) =>
    countsOf(downloads.map(({ state }) => state)),
  );
  metrics.gauges('stalled_downloads', 'Downloads without progress, by cause', 'cause', ({ downloads }) =>
    countsOf(downloads.flatMap(({ cause }) => cause?.code ?? [])),
  );
  return metrics;
}
