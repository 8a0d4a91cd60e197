import type { PeerId } from '../../../../Protocol/Ids.ts';
import { GREETING_TIMEOUT_MS } from '../../../../Protocol/Limits.ts';
import {
  MEMBER_PROOF_BYTES,
  memberProof,
  provesMembership,
} from '../../../../Protocol/Private/MemberProof.ts';
import { type Address, formatAddress } from '../../../../Shared/Network/Address.ts';
import type { StreamHandler } from '../../../../Shared/Network/Transport.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { ProvenStream, SecureTransport } from './Secure.ts';

export interface MemberTransportOptions {
  readonly secure: SecureTransport;
  readonly self: PeerId;
  /** Secret of the network. */
  readonly memberKey: Uint8Array;
  readonly clock: Clock;
}

/**
 * Control links between members of a private network. Before anything else both sides prove that they have the key of
 * the network, the dialling side first; a stranger is closed without a byte. Lanes need no proof: they carry a token
 * given over a control link.
 */
export function memberTransport({ secure, self, memberKey, clock }: MemberTransportOptions): SecureTransport {
  const dial: SecureTransport['dial'] = (address, handler, options = {}) =>
    new Promise((resolve, reject) => {
      let dialled: { stream: ProvenStream; binding: Uint8Array } | undefined;
      let ended = false;
      let cancelDeadline = () => {};
      const fail = (error: ShoalError): undefined => {
        ended = true;
        cancelDeadline();
        dialled?.stream.destroy();
        reject(error);
      };
      const reader = new ProofReader(
        (proof, rest) => {
          // The accepting side says nothing between its proof and our hello.
          if (dialled === undefined || rest.length > 0) return fail(noMember(address));
          const { stream, binding } = dialled;
          const channel = { dialling: self, accepting: stream.provenId, binding };
          if (!provesMembership(proof, memberKey, 'accepting', channel)) return fail(noMember(address));
          cancelDeadline();
          resolve(stream);
          return handler;
        },
        () => fail(noMember(address)),
      );
      secure.dial(address, reader, options).then((stream) => {
        if (ended) return stream.destroy();
        const binding = stream.binding();
        dialled = { stream, binding };
        cancelDeadline = clock.after(GREETING_TIMEOUT_MS, () => fail(noMember(address)));
        stream.write(
          memberProof(memberKey, 'dialling', { dialling: self, accepting: stream.provenId, binding }),
        );
      }, reject);
    });

  return {
    claims: (first) => secure.claims(first),
    lanes: secure.lanes,
    // A lane needs no proof of membership: it carries a token that was given over a control link.
    laneOver: secure.laneOver,
    dial,
    accept: (incoming, opened, failed) => {
      const admit = (stream: ProvenStream): StreamHandler => {
        if (stream.channel === 'lane') return opened(stream);
        const channel = { dialling: stream.provenId, accepting: self, binding: stream.binding() };
        return new ProofReader(
          (proof, rest) => {
            if (!provesMembership(proof, memberKey, 'dialling', channel)) {
              stream.destroy();
              failed('it is no member of this network');
              return undefined;
            }
            stream.write(memberProof(memberKey, 'accepting', channel));
            const handler = opened(stream);
            if (rest.length > 0) handler.data?.(rest);
            return handler;
          },
          () => failed('it has not proven to be a member of this network'),
        );
      };
      secure.accept(incoming, admit, failed);
    },
  };
}

/** Reads the proof of the remote side, then passes everything on. */
class ProofReader implements StreamHandler {
  readonly #decide: (proof: Uint8Array, rest: Uint8Array) => StreamHandler | undefined;
  readonly #ended: () => void;
  #first: Buffer = Buffer.alloc(0);
  #decided = false;
  #next: StreamHandler | undefined;

  /**
   * @param decide - called once with the proof and the bytes after it; returns the handler of a member
   * @param ended - called instead when the connection ends before
   */
  constructor(decide: (proof: Uint8Array, rest: Uint8Array) => StreamHandler | undefined, ended: () => void) {
    this.#decide = decide;
    this.#ended = ended;
  }

  data(bytes: Uint8Array): void {
    if (this.#decided) {
      this.#next?.data?.(bytes);
      return;
    }
    this.#first = Buffer.concat([this.#first, bytes]);
    if (this.#first.length < MEMBER_PROOF_BYTES) return;
    this.#decided = true;
    const proof = this.#first.subarray(0, MEMBER_PROOF_BYTES);
    this.#next = this.#decide(proof, this.#first.subarray(MEMBER_PROOF_BYTES));
  }

  drained(): void {
    this.#next?.drained?.();
  }

  closed(error: Error | undefined): void {
    if (this.#decided) this.#next?.closed(error);
    else this.#ended();
  }
}

function noMember(address: Address): ShoalError {
  return new ShoalError(
    'UNREACHABLE',
    `${formatAddress(address)} has not proven to be in this private network`,
    {
      hint: 'It is in another network, or in the open one. Compare on both sides: shoal network',
    },
  );
}
