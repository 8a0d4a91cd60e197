import { PIECE_BYTES_MAX } from '../../../../Protocol/Limits.ts';
import { NETWORK_CLASSES, type NetworkClass } from '../../../../Shared/Network/Address.ts';
import { LIMIT_SCOPES, type LimitScope, type Rates } from '../../../../Shared/Network/Rates.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { RateMeter } from '../../../../Shared/Time/RateMeter.ts';
import { ByteBudget } from './ByteBudget.ts';
import { type FlowLimits, RateFlow, type Waiter } from './RateFlow.ts';

/** Duration of a round under a limit: the time in which every active lane moves one piece. */
const ROUND_MS = 50;
/** Lower bound of a piece, as time at the limit's rate. */
const PIECE_MS_MIN = 10;
/**
 * Further lower bounds of a piece, up to PIECE_BYTES_FAIR and to a round of ROUND_MS_SLOW. Each piece costs a read, a
 * write and a timer, and slow lanes would otherwise cause most of that work.
 */
const PIECE_BYTES_FAIR = 262_144;
const PIECE_MS_SLOW = 40;
const ROUND_MS_SLOW = 200;
const PIECE_BYTES_MIN = 1_024;
/** Time without transfer after which a lane no longer counts in the round. */
const ACTIVE_MS = 1_000;
const RECOUNT_MS = 250;
/** Pieces that a lane may catch up after it missed its share of a round. */
const LATE_PIECES = 2;

/**
 * Limits of one direction, in total and per network class, shared by all lanes. A transfer obeys both.
 * Waiting lanes are served by start-time fair queueing (Goyal 1996): busy lanes get equal bytes, whatever their frame
 * size.
 * Payload is counted, exact within 5 % over 5 s. Rates may change at any time.
 */
export class RateLimiter implements FlowLimits {
  readonly #clock: Clock;
  readonly #budgets: Readonly<Record<LimitScope, ByteBudget>>;
  readonly #meters: Readonly<Record<NetworkClass, RateMeter>>;
  unlimited: boolean;
  readonly #active = new Set<RateFlow>();
  /** Number of active lanes per class. */
  readonly #lanes: Record<NetworkClass, number> = { loopback: 0, lan: 0, elsewhere: 0 };
  #waiting: Waiter[] = [];
  /** Virtual time of fair queueing: new flows start here. */
  #virtual = 0;
  #countedMs = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, rates: Rates) {
    const budget = (scope: LimitScope) => new ByteBudget(rates[scope], clock.nowMs());
    this.#clock = clock;
    this.#budgets = {
      total: budget('total'),
      loopback: budget('loopback'),
      lan: budget('lan'),
      elsewhere: budget('elsewhere'),
    };
    this.unlimited = this.#hasNone;
    this.#meters = { loopback: new RateMeter(), lan: new RateMeter(), elsewhere: new RateMeter() };
  }

  /** Bytes per second; undefined: unlimited. */
  rate(scope: LimitScope): number | undefined {
    return this.#budgets[scope].rate;
  }

  /** The limit that currently delays lanes of a class; undefined: none does. */
  holdingBack(kind: NetworkClass): number | undefined {
    const waiting = this.#waiting.find(({ flow }) => flow.kind === kind);
    return waiting && this.rateOf(waiting.flow);
  }

  /** Current throughput in bytes per second. */
  moving(scope: LimitScope): number {
    const nowMs = this.#clock.nowMs();
    const classes = scope === 'total' ? NETWORK_CLASSES : [scope];
    return classes.reduce((sum, kind) => sum + this.#meters[kind].bytesPerSecond(nowMs), 0);
  }

  /** Upper bound on the throughput of all active lanes; undefined: unlimited. */
  get ceiling(): number | undefined {
    this.#count();
    const classes = NETWORK_CLASSES.filter((kind) => this.#lanes[kind] > 0);
    const sum = classes.reduce((all, kind) => all + (this.rate(kind) ?? Number.POSITIVE_INFINITY), 0);
    const ceiling = Math.min(this.rate('total') ?? Number.POSITIVE_INFINITY, sum || Number.POSITIVE_INFINITY);
    return Number.isFinite(ceiling) ? ceiling : undefined;
  }

  /** Changes the scopes that are named. */
  setRates(rates: Rates): void {
    for (const scope of LIMIT_SCOPES)
      if (scope in rates) this.#budgets[scope].setRate(rates[scope], this.#clock.nowMs());
    this.unlimited = this.#hasNone;
    for (const flow of this.#active) flow.forget();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#wake();
  }

  /** Opens a flow for a new lane. */
  flow(kind: NetworkClass): RateFlow {
    return new RateFlow(this, kind);
  }

  /** Lifts all limits, so that nothing waits any longer. */
  close(): void {
    this.setRates({ total: undefined, loopback: undefined, lan: undefined, elsewhere: undefined });
  }

  // ---- FlowLimits

  rateOf({ kind }: RateFlow): number | undefined {
    const [total, own] = [this.rate('total'), this.rate(kind)];
    return total === undefined || own === undefined ? (total ?? own) : Math.min(total, own);
  }

  pieceBytesMax(flow: RateFlow): number {
    const [total, own] = [this.rate('total'), this.rate(flow.kind)];
    if (total === undefined && own === undefined) return PIECE_BYTES_MAX;
    this.#touch(flow);
    this.#count();
    const bytes = Math.min(pieceOf(total, this.#active.size), pieceOf(own, this.#lanes[flow.kind]));
    return Math.min(PIECE_BYTES_MAX, Math.max(PIECE_BYTES_MIN, Math.floor(bytes)));
  }

  isReady(flow: RateFlow): boolean {
    return this.#waitMs(flow) === 0 && !this.#waiting.some((waiting) => this.#waitMs(waiting.flow) === 0);
  }

  moved(flow: RateFlow, bytes: number): void {
    const nowMs = this.#clock.nowMs();
    this.#touch(flow, nowMs);
    this.#meters[flow.kind].add(bytes, nowMs);
  }

  charge(flow: RateFlow, bytes: number): void {
    if (this.rateOf(flow) === undefined) return;
    const nowMs = this.#clock.nowMs();
    flow.served = this.#startOf(flow) + bytes;
    for (const budget of this.#budgetsOf(flow)) budget.spend(bytes, nowMs);
  }

  wait(flow: RateFlow, go: () => void): void {
    this.#touch(flow);
    this.#waiting.push({ flow, go, start: this.#startOf(flow) });
    this.#arm();
  }

  leave(flow: RateFlow): void {
    this.#retire(flow);
    const over = this.#waiting.filter((waiting) => waiting.flow === flow);
    this.#waiting = this.#waiting.filter((waiting) => waiting.flow !== flow);
    for (const { go } of over) go();
  }

  /** Ends a flow's share of the round and refunds its unused advance. */
  #retire(flow: RateFlow): void {
    const nowMs = this.#clock.nowMs();
    for (const budget of this.#budgetsOf(flow)) budget.refund(flow.ahead, nowMs);
    flow.served -= flow.ahead;
    flow.ahead = 0;
    if (this.#active.delete(flow)) this.#lanes[flow.kind]--;
  }

  /** Start tag of a flow: an idle flow starts at virtual time, a slightly late one loses nothing. */
  #startOf(flow: RateFlow): number {
    return Math.max(this.#virtual - LATE_PIECES * this.pieceBytesMax(flow), flow.served);
  }

  #budgetsOf({ kind }: RateFlow): readonly ByteBudget[] {
    return [this.#budgets.total, this.#budgets[kind]];
  }

  #waitMs(flow: RateFlow): number {
    const nowMs = this.#clock.nowMs();
    return Math.max(...this.#budgetsOf(flow).map((budget) => budget.waitMs(nowMs)));
  }

  /** Releases all flows that the limits allow, lowest start tag first. */
  #wake(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#virtual = Math.max(this.#virtual, next.start);
      next.go();
    }
    this.#arm();
  }

  #next(): Waiter | undefined {
    let best: Waiter | undefined;
    for (const waiting of this.#waiting) {
      const earlier = best === undefined || waiting.start < best.start;
      if (earlier && this.#waitMs(waiting.flow) === 0) best = waiting;
    }
    return best;
  }

  #arm(): void {
    if (this.#cancelTimer !== undefined || this.#waiting.length === 0) return;
    const waitMs = Math.min(...this.#waiting.map(({ flow }) => this.#waitMs(flow)));
    this.#cancelTimer = this.#clock.after(Math.ceil(waitMs), () => {
      this.#cancelTimer = undefined;
      this.#wake();
    });
  }

  get #hasNone(): boolean {
    return LIMIT_SCOPES.every((scope) => this.rate(scope) === undefined);
  }

  #touch(flow: RateFlow, nowMs = this.#clock.nowMs()): void {
    flow.activeMs = nowMs;
    if (this.#active.has(flow)) return;
    this.#active.add(flow);
    this.#lanes[flow.kind]++;
  }

  #count(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#countedMs < RECOUNT_MS) return;
    this.#countedMs = nowMs;
    const waiting = new Set(this.#waiting.map(({ flow }) => flow));
    for (const flow of this.#active)
      if (nowMs - flow.activeMs > ACTIVE_MS && !waiting.has(flow)) this.#retire(flow);
  }
}

function pieceOf(rate: number | undefined, lanes: number): number {
  if (rate === undefined) return PIECE_BYTES_MAX;
  const perMs = rate / 1_000;
  const eachMs = (roundMs: number) => roundMs / Math.max(1, lanes);
  const slow = Math.min(PIECE_BYTES_FAIR, perMs * Math.min(PIECE_MS_SLOW, eachMs(ROUND_MS_SLOW)));
  return Math.max(slow, perMs * Math.max(PIECE_MS_MIN, eachMs(ROUND_MS)));
}
