import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { WebFacts } from './Ports.ts';

/** The metrics of a peer in the format of Prometheus: figures only, no names of files, peers or addresses. */
export function peerMetrics(facts: () => WebFacts): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string, value: (now: WebFacts) => number) => {
    new Counter({
      name: `shoal_${name}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(value(facts()));
      },
    });
  };
  const gauge = (name: string, help: string, value: (now: WebFacts) => number) => {
    new Gauge({
      name: `shoal_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value(facts()));
      },
    });
  };
  const byLabel = (
    name: string,
    help: string,
    label: string,
    values: (now: WebFacts) => readonly string[],
  ) => {
    new Gauge({
      name: `shoal_${name}`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const value of values(facts())) this.inc({ [label]: value });
      },
    });
  };

  counter('sent_bytes', 'Payload bytes sent, over lanes and HTTP', ({ sent }) => sent);
  counter('received_bytes', 'Payload bytes received', ({ received }) => received);
  counter('violations', 'Links and lanes that broke the protocol', ({ health }) => health.violations);
  counter(
    'refused_connections',
    'Connections refused: limit or ban',
    ({ health }) => health.refusedConnections,
  );
  counter(
    'evicted_connections',
    'Idle connections closed for others',
    ({ health }) => health.evictedConnections,
  );
  counter('failed_handshakes', 'Links that proved no peer id', ({ health }) => health.failedHandshakes);
  counter(
    'foreign_connections',
    'Connections of no known protocol',
    ({ health }) => health.foreignConnections,
  );
  counter('over_limit', 'Questions refused by a rate limit', ({ health }) => health.overLimit);
  counter('dropped_datagrams', 'Invalid or unexpected datagrams', ({ health }) => health.droppedDatagrams);
  gauge('peers', 'Known peers', ({ peers }) => peers);
  gauge('links', 'Open control links', ({ links }) => links);
  gauge('trackers', 'Connected trackers', ({ trackers }) => trackers);
  gauge('uploads', 'Clients that are served now', ({ uploads }) => uploads);
  gauge('shared_files', 'Files of the share', ({ share }) => share.files);
  gauge('shared_bytes', 'Bytes of the share', ({ share }) => share.bytes);
  gauge('hash_queue_files', 'Files found and not hashed yet', ({ share }) => share.hashing.files);
  gauge('hash_queue_bytes', 'Bytes of these files', ({ share }) => share.hashing.bytes);
  gauge('descriptors', 'Open file descriptors', ({ health }) => health.descriptors.used ?? 0);
  gauge('descriptors_allowed', 'Limit of file descriptors', ({ health }) => health.descriptors.allowed);
  byLabel('downloads', 'Downloads since the start, by state', 'state', ({ downloads }) =>
    downloads.map(({ state }) => state),
  );
  byLabel('stalled_downloads', 'Downloads without progress, by cause', 'cause', ({ downloads }) =>
    downloads.flatMap(({ cause }) => cause?.code ?? []),
  );
  return registry;
}
