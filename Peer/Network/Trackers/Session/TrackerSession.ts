import type {
  RefusalReason,
  ReplyOf,
  TrackerReply,
  TrackerRequest,
} from '../../../../Protocol/TrackerMessages.ts';
import { encodeRequest } from '../../../../Protocol/TrackerMessages.ts';
import { isLoopback } from '../../../../Shared/Network/Address.ts';
import { type ErrorCode, ShoalError } from '../../../../Shared/ShoalError.ts';
import { Publisher } from './Publisher.ts';
import { answerActions } from './QueryAnswers.ts';
import { reactionTo, refusalText, SILENT } from './Refusals.ts';
import { RelayedPages } from './RelayedPages.ts';
import { isAnswerTo, SessionRequests } from './SessionRequests.ts';
import {
  ASK_TRIES,
  COOKIE_RENEW_MS,
  COOKIE_RETRY_MS,
  isLost,
  nextHeartbeatMs,
  REFUSED_RETRY_MS,
  retryMs,
  THROTTLED_RETRY_MS,
} from './SessionTiming.ts';
import { isUnlisted, type Purpose, type SessionAction, type TrackerSessionOptions } from './SessionTypes.ts';
import { Standing } from './Standing.ts';
import { type Transaction, Transactions } from './Transactions.ts';

/**
 * Protocol state machine for one tracker. Takes replies and the time; produces datagrams and events as actions,
 * which the caller fetches after each call, and the time of the next `tick`.
 */
export class TrackerSession {
  readonly standing = new Standing();
  readonly #options: TrackerSessionOptions;
  readonly #transactions: Transactions<Purpose>;
  readonly #publisher: Publisher;
  readonly #requests: SessionRequests;
  #actions: SessionAction[] = [];
  #connectionId: string | undefined;
  #cookieMs = Number.NEGATIVE_INFINITY;
  #heartbeatMs = Number.POSITIVE_INFINITY;
  #leaving = false;
  #asks = 0;
  #wasCaughtUp = false;

  constructor(options: TrackerSessionOptions) {
    this.#options = options;
    this.#transactions = new Transactions(options.random);
    this.#publisher = new Publisher(options.feed, !options.unlimited, isUnlisted(options));
    this.#requests = new SessionRequests(options);
  }

  /** Whether the tracker relays queries to this peer instead of holding its catalog. */
  get asksByRelay(): boolean {
    return this.#publisher.disabled;
  }

  get heldVersion(): number {
    return this.#publisher.held;
  }

  /** Connected, and the tracker holds the current catalog. */
  get caughtUp(): boolean {
    return this.standing.state === 'connected' && this.#publisher.caughtUp;
  }

  /** Time of the next `tick`; Infinity: no timer is needed. */
  get nextMs(): number {
    const publishMs = this.standing.registered ? this.#publisher.nextMs : Number.POSITIVE_INFINITY;
    const renewMs = this.#mayRenew() ? this.#cookieMs + COOKIE_RENEW_MS : Number.POSITIVE_INFINITY;
    return Math.min(this.#transactions.nextDueMs, this.#heartbeatMs, publishMs, renewMs);
  }

  takeActions(): SessionAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  start(nowMs: number): void {
    this.#ensure('connect', nowMs);
    this.tick(nowMs);
  }

  /** Sends a query; the result arrives as `answered` or `failed` with the number returned. */
  ask(request: TrackerRequest, nowMs: number): number {
    const ask = ++this.#asks;
    if (this.standing.state === 'connected')
      this.#transactions.add({ kind: 'ask', ask, request, pages: new RelayedPages() }, nowMs);
    else this.#fail(ask, 'NO_TRACKER', this.standing.reason ?? 'the tracker does not answer');
    this.tick(nowMs);
    return ask;
  }

  /** Abandons a query. */
  forget(ask: number): void {
    this.#transactions.removeAll((purpose) => purpose.kind === 'ask' && purpose.ask === ask);
  }

  /** Sends the next heartbeat or connection attempt now, after a change of the network. */
  announce(nowMs: number): void {
    if (this.standing.state === 'connected') this.#heartbeat(nowMs);
    for (const kind of ['heartbeat', 'connect'] as const) {
      const transaction = this.#find(kind);
      if (transaction !== undefined) transaction.dueMs = nowMs;
    }
    this.tick(nowMs);
  }

  /** Deregisters; nothing else is sent from now on. */
  leave(nowMs: number): void {
    this.#transactions.removeAll(() => true);
    this.#heartbeatMs = Number.POSITIVE_INFINITY;
    this.#leaving = true; // A heartbeat would register this peer again.
    const known = this.#connectionId !== undefined && this.standing.alive !== undefined;
    this.standing.lost('we are leaving', undefined);
    if (known) {
      this.#transactions.add({ kind: 'leave' }, nowMs);
      this.tick(nowMs);
    } else this.#actions.push({ kind: 'left' });
  }

  /** Whether a request with this id waits for its answer. */
  isPending(transactionId: number): boolean {
    return this.#transactions.get(transactionId) !== undefined;
  }

  /** Handles a decoded datagram of this tracker. False: it matches no pending request. */
  receive(transactionId: number, reply: TrackerReply, nowMs: number): boolean {
    if (transactionId === 0) return this.#unsolicited(reply, nowMs);
    const transaction = this.#transactions.get(transactionId);
    if (transaction === undefined) return false;
    const fits =
      reply.type === 'refused'
        ? this.#refused(transaction, reply.reason, nowMs)
        : this.#answered(transaction, reply, nowMs);
    if (fits) {
      this.standing.replied(nowMs);
      this.tick(nowMs);
    }
    return fits;
  }

  /** Sends due requests. Also called when the feed has a new version. */
  tick(nowMs: number): void {
    if (nowMs >= this.#heartbeatMs) this.#heartbeat(nowMs);
    if (this.#mayRenew() && nowMs >= this.#cookieMs + COOKIE_RENEW_MS) this.#ensure('connect', nowMs);
    this.#publish(nowMs);
    for (const transaction of this.#transactions.due(nowMs)) {
      // Losing the tracker also removes the other transactions.
      if (this.#transactions.get(transaction.id) === transaction) this.#sendOrGiveUp(transaction, nowMs);
    }
  }

  #answered(transaction: Transaction<Purpose>, reply: TrackerReply, nowMs: number): boolean {
    const { purpose } = transaction;
    if (purpose.kind === 'connect' && reply.type === 'connected') this.#connected(reply.connectionId, nowMs);
    else if (purpose.kind === 'heartbeat' && reply.type === 'alive')
      this.#heartbeatAnswered(transaction, reply, nowMs);
    else if (purpose.kind === 'heartbeat' && reply.type === 'unproven') {
      if (!this.#requests.challenged(reply.trackerInstance)) return false;
      this.#transactions.restart(transaction, nowMs);
      return true;
    } else if (purpose.kind === 'page' && reply.type === 'published') this.#pageTaken(reply, nowMs);
    else if (purpose.kind === 'leave' && reply.type === 'left') this.#actions.push({ kind: 'left' });
    else if (purpose.kind === 'ask' && isAnswerTo(purpose.request.type, reply.type)) {
      const whole = purpose.pages.add(reply);
      if (whole === undefined) return true; // Further pages follow.
      this.#actions.push({ kind: 'answered', ask: purpose.ask, reply: whole });
    } else return false;
    this.#transactions.remove(transaction.id);
    return true;
  }

  #connected(connectionId: string, nowMs: number): void {
    this.#requests.connected();
    this.#connectionId = connectionId;
    this.#cookieMs = nowMs;
    this.#transactions.unpark(nowMs);
    if (this.standing.state !== 'connected') this.#heartbeat(nowMs);
  }

  #heartbeatAnswered(transaction: Transaction<Purpose>, reply: ReplyOf<'alive'>, nowMs: number): void {
    const again = this.standing.state === 'connected';
    const same = reply.trackerInstance === this.standing.instanceId;
    if (again && same) this.#publisher.heartbeatAnswered(reply.heldVersion, transaction.firstSentMs);
    else this.#dropPages(reply.heldVersion);
    this.#publisher.disabled = reply.relayOnly || isUnlisted(this.#options);
    if (this.standing.heartbeatAnswered(reply, nowMs)) this.#actions.push({ kind: 'clusterNamed' });
    this.#requests.heartbeatAnswered(reply);
    this.#heartbeatMs = nextHeartbeatMs(transaction.firstSentMs, reply.intervalMs, this.#options.random);
    this.#transactions.unpark(nowMs);
    if (!again) this.#actions.push({ kind: 'connected' });
    const { successor } = reply;
    if (successor !== undefined)
      this.#actions.push({ kind: 'moved', successor, onTrackerHost: isLoopback(successor.host) });
  }

  #pageTaken(reply: ReplyOf<'published'>, nowMs: number): void {
    this.#publisher.acknowledged(reply, nowMs);
    if (this.#publisher.plan !== undefined) return;
    this.#transactions.removeAll((purpose) => purpose.kind === 'page');
    if (!this.#publisher.caughtUp && this.#publisher.nextMs > nowMs) this.#heartbeat(nowMs);
  }

  #unsolicited(reply: TrackerReply, nowMs: number): boolean {
    if (reply.type === 'query') return this.#queried(reply);
    const isSpontaneous = reply.type === 'moved' || reply.type === 'called';
    if (!isSpontaneous || !this.#requests.isOurToken(reply.queryToken)) return false;
    if (reply.type === 'called') return this.#actions.push({ ...reply, kind: 'called' }) > 0;
    if (reply.trackerInstance !== this.standing.instanceId) return false;
    this.#heartbeat(nowMs); // Checks whether the tracker still runs.
    return this.#actions.push({ ...reply, kind: 'moved' }) > 0;
  }

  #queried(query: ReplyOf<'query'>): boolean {
    if (this.#connectionId === undefined || !this.#requests.isOurToken(query.queryToken)) return false;
    const files = this.#options.feed.matching(query.question);
    return this.#actions.push(...answerActions(query, this.#connectionId, this.#requests.token, files)) > 0;
  }

  #refused(transaction: Transaction<Purpose>, reason: RefusalReason, nowMs: number): boolean {
    const { purpose } = transaction;
    const reaction = reactionTo(reason, purpose.kind);
    if (reaction === 'renew cookie') {
      if (transaction.sentWith === this.#connectionId) {
        this.#connectionId = undefined;
        this.#ensure('connect', Math.max(nowMs, this.#cookieMs + COOKIE_RETRY_MS));
      }
      transaction.parked = this.#connectionId === undefined;
      transaction.dueMs = nowMs;
    } else if (reaction === 'slow down') {
      transaction.dueMs = Math.max(transaction.dueMs, nowMs + THROTTLED_RETRY_MS);
      transaction.tries = Math.max(1, transaction.tries - 1);
    } else if (reaction === 'lose') {
      this.#lose(reason, transaction.firstSentMs, nowMs);
    } else if (reaction === 'register') {
      transaction.parked = true;
      if (this.standing.registered) this.#dropPages(0);
      this.standing.unregistered();
      this.#heartbeat(nowMs);
    } else if (reaction === 'pause pages') {
      this.#publisher.refused(reason === 'full', nowMs);
      this.#transactions.removeAll((other) => other.kind === 'page');
      this.#heartbeat(nowMs);
    } else if (purpose.kind === 'ask') {
      this.#transactions.remove(transaction.id);
      this.#fail(purpose.ask, 'REFUSED', refusalText(reason));
    }
    return reaction !== 'ignore';
  }

  #mayRenew(): boolean {
    return this.standing.state === 'connected' && this.#find('connect') === undefined;
  }

  #find(kind: Purpose['kind']): Transaction<Purpose> | undefined {
    return this.#transactions.find((purpose) => purpose.kind === kind);
  }

  /** Adds the request unless one of its kind is pending. */
  #ensure(kind: 'connect' | 'heartbeat', atMs: number): void {
    if (this.#find(kind) === undefined) this.#transactions.add({ kind }, atMs);
  }

  #heartbeat(nowMs: number): void {
    this.#heartbeatMs = Number.POSITIVE_INFINITY;
    if (!this.#leaving) this.#ensure('heartbeat', nowMs);
  }

  #publish(nowMs: number): void {
    if (!this.standing.registered) return;
    for (const page of this.#publisher.take(nowMs)) {
      this.#transactions.add({ kind: 'page', request: this.#requests.page(page) }, nowMs);
    }
    const { caughtUp } = this;
    if (caughtUp && !this.#wasCaughtUp) {
      this.#actions.push({ kind: 'caughtUp' });
      // The heartbeat carries the figures shown to other peers.
      if (this.#requests.announcedVersion !== this.#options.feed.version) this.#heartbeat(nowMs);
    }
    this.#wasCaughtUp = caughtUp;
  }

  #sendOrGiveUp(transaction: Transaction<Purpose>, nowMs: number): void {
    const { purpose, tries } = transaction;
    if (this.#connectionId === undefined && purpose.kind !== 'connect') {
      transaction.parked = true;
      return;
    }
    // Renewal of a valid cookie says nothing about liveness.
    const isSign =
      purpose.kind === 'heartbeat' || (purpose.kind === 'connect' && this.#connectionId === undefined);
    if (isSign && this.standing.state !== 'lost') {
      if (isLost(transaction, this.standing.lastReplyMs, nowMs)) {
        this.#lose(undefined, transaction.firstSentMs, nowMs);
        return;
      }
      if (tries > 0) this.#actions.push({ kind: 'suspected', sinceMs: transaction.firstSentMs });
    }
    if (purpose.kind === 'ask' && tries >= ASK_TRIES) {
      this.#transactions.remove(transaction.id);
      this.#fail(purpose.ask, 'TIMEOUT', 'the tracker does not answer this query');
      return;
    }
    // An unanswered query triggers a liveness check.
    if (purpose.kind === 'ask' && tries > 0) this.#heartbeatMs = nowMs;
    this.#send(transaction, nowMs);
  }

  #send(transaction: Transaction<Purpose>, nowMs: number): void {
    const connectionId = this.#connectionId ?? '';
    const request = this.#requests.make(transaction.purpose, connectionId);
    this.#actions.push({ kind: 'send', bytes: encodeRequest(connectionId, transaction.id, request) });
    this.#transactions.sent(transaction, this.#connectionId, nowMs);
    const dueMs = retryMs(transaction, this.standing.state, nowMs, this.#options.random);
    if (dueMs !== undefined) transaction.dueMs = dueMs;
  }

  /**
   * Drops all registered state and reconnects, starting with a cookie.
   * @param refusal - undefined: the tracker is silent
   */
  #lose(refusal: RefusalReason | undefined, sinceMs: number, nowMs: number): void {
    const reason = refusal === undefined ? SILENT : refusalText(refusal);
    if (this.standing.state !== 'lost') this.#actions.push({ kind: 'lost', reason, sinceMs });
    this.standing.lost(reason, refusal);
    this.#connectionId = undefined;
    this.#heartbeatMs = Number.POSITIVE_INFINITY;
    this.#dropPages(0);
    for (const { purpose } of this.#transactions.removeAll(() => true)) {
      if (purpose.kind === 'ask') this.#fail(purpose.ask, 'NO_TRACKER', reason);
    }
    // Reconnect at once after silence, with a delay after a refusal.
    this.#ensure('connect', refusal === undefined ? nowMs : nowMs + REFUSED_RETRY_MS);
  }

  #dropPages(heldVersion: number): void {
    this.#publisher.reset(heldVersion);
    this.#transactions.removeAll((purpose) => purpose.kind === 'page');
  }

  #fail(ask: number, code: ErrorCode, message: string): void {
    this.#actions.push({ kind: 'failed', ask, error: new ShoalError(code, message) });
  }
}
