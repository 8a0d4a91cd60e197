import { Histogram } from 'prom-client';
import { replyTypeOf, requestTypeOf } from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import { MetricSet } from '../../Shared/Program/MetricSet.ts';
import { type MetricsServer, serveMetrics } from './MetricsServer.ts';
import type { DatagramMeter, TrackerStats } from './TrackerStats.ts';

/** Upper bounds of the classes of handling times, in seconds: most datagrams take some 20 µs. */
const SECONDS = [0.000_01, 0.000_03, 0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1];
/** Offset of the action in a request, and of the number in a reply. */
const ACTION_AT = 8;
const NUMBER_AT = 0;
/** Kinds of datagrams by which the tracker passes something on to other peers. */
const RELAYS = new Set(['query', 'called']);

/** Metrics of a tracker: its meter, and the server that shows them. */
export interface TrackerMetrics {
  readonly meter: DatagramMeter;
  /** The metrics as text. */
  text(of: { readonly stats: TrackerStats }): Promise<string>;
  /** Serves them over HTTP. @throws ShoalError PORT_IN_USE, USAGE */
  serve(at: Address, of: { readonly stats: TrackerStats }): Promise<MetricsServer>;
}

/** Counts of the meter. */
interface Measured {
  receivedBytes: number;
  sentBytes: number;
  relays: number;
  /** Datagrams by kind of request; `other`: no request of this version. */
  readonly requests: Record<string, number>;
}

/** The metrics of a tracker in the format of Prometheus: figures only, no names and no addresses. */
export function trackerMetrics(): TrackerMetrics {
  const measured: Measured = { receivedBytes: 0, sentBytes: 0, relays: 0, requests: {} };
  let source: { readonly stats: TrackerStats } | undefined;
  const metrics = new MetricSet('shoal_tracker', () => source?.stats);
  const seconds = new Histogram({
    name: 'shoal_tracker_request_seconds',
    help: 'Time to handle a datagram and to send its answers',
    buckets: SECONDS,
    registers: [metrics.registry],
  });
  metrics.gauge('peers', 'Registered peers', (now) => now?.peers ?? 0);
  metrics.gauge('files', 'Files in the catalogs of all peers', (now) => now?.files ?? 0);
  metrics.counters(
    'requests',
    'Datagrams received, by kind of request; other: none',
    'kind',
    () => measured.requests,
  );
  metrics.counters('datagrams', 'Datagrams received, by outcome', 'outcome', outcomesOf);
  metrics.counter('relays', 'Questions and calls passed on to peers', () => measured.relays);
  metrics.counter('received_bytes', 'Bytes of datagrams received', () => measured.receivedBytes);
  metrics.counter('sent_bytes', 'Bytes of datagrams sent', () => measured.sentBytes);
  const [trackers, silent] = ['Trackers of the cluster, this one included; 0: none', 'Those that are silent'];
  metrics.gauge('cluster_trackers', trackers, (now) => now?.cluster?.trackers ?? 0);
  metrics.gauge('cluster_silent_trackers', silent, (now) => now?.cluster?.silent ?? 0);
  const connected = '1: connected to the bus of the cluster';
  metrics.gauge('cluster_connected', connected, (now) => Number(now?.cluster?.isConnected === true));
  metrics.counters('cluster_records', 'Records on the bus, by outcome', 'outcome', recordsOf);
  const text: TrackerMetrics['text'] = (of) => {
    source = of;
    return metrics.text();
  };
  return {
    meter: {
      handled: (datagram, ms) => {
        seconds.observe(ms / 1_000);
        measured.receivedBytes += datagram.length;
        const kind = kindOf(datagram, ACTION_AT, requestTypeOf);
        measured.requests[kind] = (measured.requests[kind] ?? 0) + 1;
      },
      sent: (datagram) => {
        measured.sentBytes += datagram.length;
        if (RELAYS.has(kindOf(datagram, NUMBER_AT, replyTypeOf))) measured.relays++;
      },
    },
    text,
    serve: (at, of) => serveMetrics(at, { contentType: metrics.contentType, text: () => text(of) }),
  };
}

function outcomesOf(now: TrackerStats | undefined): Record<string, number> {
  const {
    served = 0,
    refused = 0,
    limited = 0,
    malformed = 0,
    forged = 0,
    late = 0,
    foreign = 0,
  } = now ?? {};
  return { served, refused, limited, malformed, forged, late, foreign };
}

function recordsOf(now: TrackerStats | undefined): Record<string, number> {
  const { received = 0, sent = 0, malformed = 0, refused = 0, late = 0 } = now?.cluster ?? {};
  return { received, sent, malformed, refused, late };
}

/** Kind of a datagram by the number at an offset. */
function kindOf(datagram: Uint8Array, at: number, typeOf: (tag: number) => string | undefined): string {
  if (datagram.length < at + 4) return 'other';
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  return typeOf(view.getUint32(at)) ?? 'other';
}
