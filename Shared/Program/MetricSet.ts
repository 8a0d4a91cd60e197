import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Values by label. */
export type Labelled = Readonly<Record<string, number>>;

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
    const read = () => value(this.#snapshot());
    new Counter({
      name: this.#nameOf(`${name}_total`),
      help,
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** Totals by label. */
  counters(name: string, help: string, label: string, values: (now: Facts) => Labelled): void {
    const read = () => Object.entries(values(this.#snapshot()));
    new Counter({
      name: this.#nameOf(`${name}_total`),
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [key, value] of read()) this.inc({ [label]: key }, value);
      },
    });
  }

  gauge(name: string, help: string, value: (now: Facts) => number): void {
    const read = () => value(this.#snapshot());
    new Gauge({
      name: this.#nameOf(name),
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** Values by label; labels that are not given any more vanish. */
  gauges(name: string, help: string, label: string, values: (now: Facts) => Labelled): void {
    const read = () => Object.entries(values(this.#snapshot()));
    new Gauge({
      name: this.#nameOf(name),
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [key, value] of read()) this.set({ [label]: key }, value);
      },
    });
  }

  #nameOf(name: string): string {
    return `${this.#prefix}_${name}`;
  }

  #snapshot(): Facts {
    this.#now ??= this.#facts();
    return this.#now;
  }
}

/** Number of occurrences of each value. */
export function countsOf(values: Iterable<string>): Labelled {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
