import {
  CONNECT_ID,
  decodeReply,
  encodeRequest,
  type ReplyOf,
  type TrackerReply,
  type TrackerRequest,
} from '../../Protocol/TrackerMessages.ts';
import type { Address } from '../../Shared/Address.ts';
import type { TrackerLogic } from '../../Tracker/TrackerLogic.ts';

/** Somebody at one address who talks with a tracker's logic. */
export class Asker {
  readonly #logic: TrackerLogic;
  readonly #address: Address;
  #cookie = CONNECT_ID;
  #transaction = 0;

  constructor(logic: TrackerLogic, address: Address) {
    this.#logic = logic;
    this.#address = address;
  }

  /** The connection id it was given last. */
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
    const sent = encodeRequest(this.#cookie, transaction, request);
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
