import type { PeerId } from '../../../../Protocol/Ids.ts';
import type { ControlMessage, ControlOf, RefusalCode } from '../../../../Protocol/PeerMessages.ts';
import { onAbort } from '../../../../Shared/Async/OnAbort.ts';
import { asShoalError } from '../../../../Shared/ShoalError.ts';
import type { LaneWay } from '../../../LinkModel.ts';
import type { KnownContact } from '../../../Model.ts';
import type { OpenLane } from '../../Lanes/Receiving/Lane.ts';
import { laneOpener } from '../../Lanes/Receiving/OpenLane.ts';
import type { Requester } from '../Dialling/Dials.ts';
import type { LinkQuestions } from '../Questions/LinkQuestions.ts';
import type { RelayPeer } from '../Relaying/RelayTypes.ts';
import type { PeerContext } from './PeerContext.ts';
import type { PeerLink } from './PeerLink.ts';

export type DialMessage = ControlOf<
  'dialLane' | 'callPeer' | 'called' | 'testDial' | 'relayTo' | 'relayedBy'
>;

export interface PeerDialsOptions {
  readonly contact: () => KnownContact;
  readonly link: () => PeerLink;
  readonly context: PeerContext;
  readonly questions: LinkQuestions;
  readonly send: (message: ControlMessage) => void;
  /** Counts a request against a rate limit of the peer; false: over it. */
  readonly within: (kind: 'dials' | 'relayed') => boolean;
  readonly self: () => RelayPeer;
}

/** Requests for dials to and from one linked peer. */
export class PeerDials {
  /** Opens lanes to the peer. */
  readonly openLane: OpenLane;
  #laneWay: LaneWay | undefined;
  readonly #options: PeerDialsOptions;

  constructor(options: PeerDialsOptions) {
    this.#options = options;
    const { secure, clock } = options.context;
    const { peerId } = options.contact();
    const direct = secure.lanes?.(peerId) ?? options.context.dial;
    this.openLane = laneOpener({
      enter: () => this.#enterLane(),
      dial: (address, handler, how) => {
        const { via } = options.link();
        if (via === undefined) return direct(address, handler, how);
        const { relays } = options.context.dialRequests;
        return relays.openLane(peerId, via.relay.peerId, handler, how);
      },
      clock,
      requestBack: () => this.#requestLane(),
      isUndialable: () => this.isUndialable || this.#hadToBeCalled,
      opened: (way) => {
        this.#laneWay = way;
      },
    });
  }

  /** Whether the peer dials on request. Over a relayed link there is nothing to dial. */
  get acceptsDialBack(): boolean {
    const { hello, via } = this.#options.link();
    return via === undefined && hello?.acceptsDialBack === true;
  }

  /** Whether the peer relays connections of others. */
  get relays(): boolean {
    const { hello, via } = this.#options.link();
    return via === undefined && hello?.relays === true;
  }

  /** The side that opened the last lane on which we receive. Undefined: none was opened. */
  get laneWay(): LaneWay | undefined {
    return this.#laneWay;
  }

  /** Whether the peer reports that nobody can dial it. */
  get isUndialable(): boolean {
    return this.#options.link().hello?.undialable === true;
  }

  /** Whether the peer opened the link at our call: our dial failed, had no answer, or was known to be in vain. */
  get #hadToBeCalled(): boolean {
    const { link, contact, context } = this.#options;
    return !link().dialledByUs && context.dialRequests.hasCalled(contact().peerId);
  }

  /** Requests a lane that the peer dials. Undefined: it does not dial on request. */
  #requestLane(): OpenLane | undefined {
    if (!this.acceptsDialBack) return undefined;
    const { context, questions, link } = this.#options;
    return async (handler, into, signal) => {
      const over = new AbortController();
      const stopListening = onAbort(signal, () => over.abort());
      const token = context.dialRequests.newToken();
      const { host } = link().remote;
      const arrived = context.dialRequests.lanes.expect(token, { host, handler, into }, over.signal);
      arrived.catch(() => {}); // Also when the question fails first.
      try {
        await questions.ask({ type: 'dialLane', requestId: 0, token }, signal);
        return await arrived;
      } catch (failure) {
        over.abort();
        throw failure;
      } finally {
        stopListening();
      }
    };
  }

  /** Asks the peer to pass a call on. @throws ShoalError NOT_FOUND, REFUSED, UNREACHABLE, TIMEOUT */
  async callPeer(peerId: PeerId): Promise<void> {
    await this.#options.questions.ask({ type: 'callPeer', requestId: 0, peerId });
  }

  /** Requests a connection to a peer. @returns the token of our half. @throws ShoalError REFUSED, NOT_FOUND, TIMEOUT */
  async requestRelay(peerId: PeerId, signal: AbortSignal): Promise<string> {
    const { questions } = this.#options;
    return (await questions.ask({ type: 'relayTo', requestId: 0, peerId }, signal)).token;
  }

  /** Whether the peer can dial us; undefined: it did not try. */
  async test(): Promise<boolean | undefined> {
    try {
      await this.#options.questions.ask({ type: 'testDial', requestId: 0 });
      return true;
    } catch (failure) {
      return asShoalError(failure, 'UNREACHABLE').code === 'NOT_FOUND' ? false : undefined;
    }
  }

  receive(message: DialMessage): void {
    const { context, contact, link, within, self } = this.#options;
    const isWithin = within(message.type === 'relayedBy' ? 'relayed' : 'dials');
    if (!isWithin || link().via !== undefined) {
      if ('requestId' in message) this.#refuse(message.requestId, 'busy');
      return;
    }
    switch (message.type) {
      case 'relayTo':
        void context.dialRequests.relay(self(), message.peerId).then(
          (token) => this.#options.send({ type: 'relayGrant', requestId: message.requestId, token }),
          (failure: unknown) => this.#refuse(message.requestId, refusalOf(failure)),
        );
        break;
      case 'relayedBy':
        void context.dialRequests.relays.accept(self(), message);
        break;
      case 'dialLane':
        this.#answer(message.requestId, context.dialRequests.dials.serveLane(this.endpoint, message.token));
        break;
      case 'testDial':
        this.#answer(message.requestId, context.dialRequests.dials.test(this.endpoint));
        break;
      case 'callPeer': {
        const { peerId, address } = this.endpoint;
        if (context.dialRequests.passCall(message.peerId, { peerId, address }))
          this.#dialled(message.requestId);
        else this.#refuse(message.requestId, 'not-found');
        break;
      }
      case 'called':
        context.dialRequests.calledBy(contact(), { peerId: message.peerId, address: message.address });
        break;
    }
  }

  /** Address at which the peer listens. The host is that of the open link; the claim of the peer does not count. */
  get endpoint(): Requester {
    const { contact, link } = this.#options;
    const { peerId, address } = contact();
    return { peerId, address: { host: link().remote.host, port: address.port }, from: link().localHost };
  }

  /** The token counts for the two addresses of the link only: the lane is dialled from the same one. */
  async #enterLane() {
    const { questions, contact, link } = this.#options;
    const { token } = await questions.ask({ type: 'laneRequest', requestId: 0 });
    return { address: contact().address, token, from: link().localHost };
  }

  #answer(requestId: number, work: Promise<void>): void {
    work.then(
      () => this.#dialled(requestId),
      (failure: unknown) => this.#refuse(requestId, refusalOf(failure)),
    );
  }

  #dialled(requestId: number): void {
    this.#options.send({ type: 'dialled', requestId });
  }

  #refuse(requestId: number, code: RefusalCode): void {
    this.#options.send({ type: 'refused', requestId, code });
  }
}

function refusalOf(failure: unknown): RefusalCode {
  const { code } = asShoalError(failure, 'UNREACHABLE');
  return code === 'REFUSED' || code === 'CANCELLED' ? 'busy' : 'not-found';
}
