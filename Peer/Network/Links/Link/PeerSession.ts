import type { PeerId } from '../../../../Protocol/Ids.ts';
import { GREETING_TIMEOUT_MS, LINK_DEAD_MS, PING_INTERVAL_MS } from '../../../../Protocol/Limits.ts';
import {
  type ByeReason,
  byeToVersion,
  type ControlMessage,
  type Hello,
  PROTOCOL_VERSION,
} from '../../../../Protocol/PeerMessages.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { versionText } from '../Accepting/VersionText.ts';

/** Messages on an open link, other than those of the session itself. */
export type Conversation = Exclude<ControlMessage, { type: 'hello' | 'ping' | 'pong' | 'bye' }>;

/** Actions for the owner, in order. Nothing follows `close`. */
export type SessionAction =
  | { readonly do: 'send'; readonly message: ControlMessage }
  | { readonly do: 'open'; readonly hello: Hello }
  | { readonly do: 'deliver'; readonly message: Conversation }
  /** Without an error: an orderly goodbye. `bye`: the reason that the remote side gave. */
  | { readonly do: 'close'; readonly error: ShoalError | undefined; readonly bye?: ByeReason };

/**
 * State machine of one control link from handshake to goodbye: messages and times in, actions out. The dialling side
 * says hello first, so that strangers must identify themselves before they learn anything.
 */
export class PeerSession {
  readonly #hello: Hello;
  readonly #dialled: boolean;
  readonly #startedMs: number;
  #state: 'greeting' | 'open' | 'closed' = 'greeting';
  #remote: Hello | undefined;
  #provenId: PeerId | undefined;
  #receivedMs: number;
  #pingedMs: number;

  /** @param hello - our hello; @param dialled - whether we dialled */
  constructor(hello: Hello, dialled: boolean, nowMs: number) {
    this.#hello = hello;
    this.#dialled = dialled;
    this.#startedMs = nowMs;
    this.#receivedMs = nowMs;
    this.#pingedMs = nowMs;
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  /** The remote hello; undefined before the handshake. */
  get remote(): Hello | undefined {
    return this.#remote;
  }

  /** Actions after the connection was opened. @param provenId - the id that the remote side has proven */
  start(provenId: PeerId): SessionAction[] {
    this.#provenId = provenId;
    return this.#dialled ? [{ do: 'send', message: { type: 'hello', ...this.#hello } }] : [];
  }

  receive(message: ControlMessage, nowMs: number): SessionAction[] {
    if (this.#state === 'closed') return [];
    this.#receivedMs = nowMs;
    if (message.type === 'bye') return this.#receiveBye(message.reason);
    if (message.type === 'hello') return this.#receiveHello(message, nowMs);
    if (this.#state === 'greeting') return this.breach('a message before the hello');
    switch (message.type) {
      case 'ping':
        return [{ do: 'send', message: { type: 'pong' } }];
      case 'pong':
        return [];
      default:
        return [{ do: 'deliver', message }];
    }
  }

  /** Call every few seconds, and exactly at the handshake timeout. */
  tick(nowMs: number): SessionAction[] {
    if (this.#state === 'closed') return [];
    if (this.#state === 'greeting') {
      if (nowMs - this.#startedMs < GREETING_TIMEOUT_MS) return [];
      return this.#close(undefined, new ShoalError('TIMEOUT', 'handshake timed out'));
    }
    if (nowMs - this.#receivedMs >= LINK_DEAD_MS) {
      return this.#close(undefined, new ShoalError('TIMEOUT', 'connection timed out'));
    }
    if (nowMs - this.#pingedMs < PING_INTERVAL_MS) return [];
    return this.ping(nowMs);
  }

  /** Pings the peer now. */
  ping(nowMs: number): SessionAction[] {
    if (this.#state !== 'open') return [];
    this.#pingedMs = nowMs;
    return [{ do: 'send', message: { type: 'ping' } }];
  }

  /** Closes the link if nothing arrived since the ping at `askedMs`. */
  checkAnswered(askedMs: number): SessionAction[] {
    if (this.#state !== 'open' || this.#receivedMs >= askedMs) return [];
    return this.#close(undefined, new ShoalError('TIMEOUT', 'no answer to a ping'));
  }

  /** Sends `bye`. */
  leave(reason: ByeReason, error?: ShoalError): SessionAction[] {
    return this.#state === 'closed' ? [] : this.#close(reason, error);
  }

  /** Closes the link after a protocol violation by the remote side. */
  breach(what: string): SessionAction[] {
    return this.leave('protocol', new ShoalError('BAD_FRAME', what));
  }

  #receiveHello(message: ControlMessage & Hello, nowMs: number): SessionAction[] {
    if (this.#remote !== undefined) return this.breach('a second hello');
    const { type: _, ...hello } = message;
    const { version, peerId } = hello;
    if (version !== PROTOCOL_VERSION) {
      const bye = byeToVersion(version);
      return this.leave(bye, new ShoalError('REFUSED', versionText(version)));
    }
    if (peerId !== this.#provenId) return this.breach('a hello with the id of another peer');
    if (peerId === this.#hello.peerId) {
      return this.leave('self', new ShoalError('REFUSED', 'this is our own address'));
    }
    this.#remote = hello;
    this.#state = 'open';
    this.#pingedMs = nowMs;
    const answer: SessionAction[] = this.#dialled
      ? []
      : [{ do: 'send', message: { type: 'hello', ...this.#hello } }];
    return [...answer, { do: 'open', hello }];
  }

  #receiveBye(reason: ByeReason): SessionAction[] {
    this.#state = 'closed';
    const peaceful = this.#remote !== undefined && (reason === 'closing' || reason === 'idle');
    const error = peaceful ? undefined : new ShoalError('REFUSED', BYE_TEXT[reason]);
    return [{ do: 'close', error, bye: reason }];
  }

  #close(reason: ByeReason | undefined, error: ShoalError | undefined): SessionAction[] {
    this.#state = 'closed';
    const bye: SessionAction[] =
      reason === undefined ? [] : [{ do: 'send', message: { type: 'bye', reason } }];
    return [...bye, { do: 'close', error }];
  }
}

/** Goodbye reasons for the user. */
const BYE_TEXT: Record<ByeReason, string> = {
  closing: 'the peer is shutting down',
  duplicate: 'there is another link already',
  self: 'this is our own address',
  idle: 'the peer closed an idle link',
  protocol: 'the peer reported a protocol error: it may run another version',
  banned: 'the peer has banned us',
  full: 'the peer has too many links',
  'too-old': 'the peer runs a newer Shoal: update this one',
  'too-new': 'the peer runs an older Shoal, which must be updated',
  other: 'the peer closed the link',
};

/** The two ends of a link, from one side's view. */
export interface LinkEnds {
  readonly dialledByUs: boolean;
  /** Instance and host of the remote peer. */
  readonly instanceId: string;
  readonly host: string;
}

/**
 * Tie-breaker for two links with the same peer; both sides decide alike. Of two crossing links, the one dialled by
 * the lower peer id stays. Otherwise the newer one stays if it comes from the same host: the old one is a remainder
 * of a broken connection or an earlier run. A link from another host must wait until the old one times out.
 */
export function newLinkStays(ownId: PeerId, peerId: PeerId, old: LinkEnds, fresh: LinkEnds): boolean {
  if (old.host !== fresh.host) return false;
  if (old.instanceId !== fresh.instanceId) return fresh.instanceId > old.instanceId;
  if (old.dialledByUs === fresh.dialledByUs) return true;
  return fresh.dialledByUs === ownId < peerId;
}
