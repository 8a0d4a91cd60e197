import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Values by label. */
export type Labelled = Readonly<Record<string, number>>;

type Series = readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];

/** Metrics in the format of Prometheus whose values are read from one snapshot of facts whenever they are collected. */
export class MetricSet<Facts> {
  readonly registry = new Registry();
  readonly #prefix: string;
  readonly #facts: () => Facts;
  #now: Facts | undefined;

  /** @param prefix - begin of every name, such as `shoal` */
  constructor(prefix: string, facts: () => Facts) {
    this.#prefix = prefix;
    this.#facts = facts;
    collectDefaultMetrics({ register: this.registry });
  }

  /** Content type of `text`. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** All metrics, of one moment. */
  text(): Promise<string> {
    this.#now = this.#facts();
    return this.registry.metrics();
  }

  /** A total that only grows; `_total` is added to its name. */
  counter(name: string, help: string, value: (now: Facts) => number): void {
    this.#add(Counter, `${name}_total`, help, [], (now) => [[{}, value(now)]]);
  }

  /** Totals by label. */
  counters(name: string, help: string, label: string, values: (now: Facts) => Labelled): void {
    this.#add(Counter, `${name}_total`, help, [label], (now) => seriesOf(label, values(now)));
  }

  gauge(name: string, help: string, value: (now: Facts) => number): void {
    this.#add(Gauge, name, help, [], (now) => [[{}, value(now)]]);
  }

  /** Values by label; labels that are not given any more vanish. */
  gauges(name: string, help: string, label: string, values: (now: Facts) => Labelled): void {
    this.#add(Gauge, name, help, [label], (now) => seriesOf(label, values(now)));
  }

  #add(
    Metric: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    labelNames: readonly string[],
    read: (now: Facts) => Series,
  ): void {
    const snapshot = () => {
      this.#now ??= this.#facts();
      return this.#now;
    };
    new Metric({
      name: `${this.#prefix}_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [labels, value] of read(snapshot())) this.inc(labels, value);
      },
    });
  }
}

function seriesOf(label: string, values: Labelled): Series {
  return Object.entries(values).map(([key, value]) => [{ [label]: key }, value]);
}

/** Number of occurrences of each value. */
export function countsOf(values: Iterable<string>): Labelled {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
