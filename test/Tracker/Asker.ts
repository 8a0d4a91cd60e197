import { NO_TOKEN } from '../../Protocol/PeerProof.ts';
import {
  CONNECT_ID,
  decodeReply,
  encodeRequest,
  type ReplyOf,
  type TrackerReply,
  type TrackerRequest,
} from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Network/Address.ts';
import type { TrackerLogic } from '../../Tracker/TrackerLogic.ts';

/** The request, with the token of its peer at this address in place of NO_TOKEN. */
export function withToken(logic: TrackerLogic, from: Address, request: TrackerRequest): TrackerRequest {
  switch (request.type) {
    case 'heartbeat':
    case 'leave':
    case 'publish':
      return request.token === NO_TOKEN
        ? { ...request, token: logic.tokens.make(from, request.peerId, request.instanceId) }
        : request;
    case 'hit':
    case 'miss': {
      const peer = logic.registry.from(from);
      return request.token === NO_TOKEN && peer !== undefined
        ? { ...request, token: logic.tokens.make(from, peer.peerId, peer.instanceId) }
        : request;
    }
    default:
      return request;
  }
}

/**
 * A client at one address of a tracker's logic. Requests in the name of a peer with NO_TOKEN get the token that the
 * tracker gives to a proven peer at this address.
 */
export class Asker {
  readonly #logic: TrackerLogic;
  readonly #address: Address;
  #cookie: string;
  #transaction = 0;

  /** @param cookie - obtained elsewhere; default: none until `connect` */
  constructor(logic: TrackerLogic, address: Address, cookie = CONNECT_ID) {
    this.#cookie = cookie;
    this.#logic = logic;
    this.#address = address;
  }

  /** The latest connection id. */
  get cookie(): string {
    return this.#cookie;
  }

  connect(nowMs = 0): this {
    this.#cookie = this.expect('connected', { type: 'connect' }, nowMs).connectionId;
    return this;
  }

  /** The reply; undefined when there is none. @throws Error when it is not for this request */
  ask(request: TrackerRequest, nowMs = 0): TrackerReply | undefined {
    const transaction = ++this.#transaction;
    const sent = encodeRequest(this.#cookie, transaction, withToken(this.#logic, this.#address, request));
    const [datagram, ...others] = this.#logic.receive(sent, this.#address, nowMs);
    if (datagram === undefined) return undefined;
    const { transactionId, reply } = decodeReply(datagram.bytes);
    if (others.length > 0 || transactionId !== transaction || datagram.bytes.length > 1_200) {
      throw new Error(`not the answer: ${reply.type}`);
    }
    return reply;
  }

  /** @throws Error when the reply is of another type */
  expect<T extends TrackerReply['type']>(type: T, request: TrackerRequest, nowMs = 0): ReplyOf<T> {
    const reply = this.ask(request, nowMs);
    if (reply?.type !== type) throw new Error(`wanted ${type}, got ${JSON.stringify(reply)}`);
    return reply as ReplyOf<T>;
  }

  /** Why the request is refused. */
  refusal(request: TrackerRequest, nowMs = 0): string {
    return this.expect('refused', request, nowMs).reason;
  }
}
