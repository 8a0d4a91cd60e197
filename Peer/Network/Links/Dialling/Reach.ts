import { type Address, formatAddress } from '../../../../Shared/Address.ts';
import type { Clock } from '../../../../Shared/Clock.ts';
import { asShoalError, ShoalError } from '../../../../Shared/ShoalError.ts';

/** Time without an answer to our dial after which the peer is called. */
const CALL_AFTER_MS = 1_000;
/** Time for a called peer to connect: a round trip to it, its dial, and a lost packet. */
const CALLED_MS = 3_000;

export interface ReachOptions<Peer> {
  readonly address: Address;
  /** Dials; undefined: not before the backoff of the address has passed. */
  readonly dial: (() => Promise<Peer>) | undefined;
  /** Asks the peer to dial us. @throws ShoalError when nobody passes that on */
  readonly call: () => Promise<void>;
  /** Calls the listener when the peer is linked, by whomever. @returns a function that unsubscribes */
  readonly onLinked: (listener: (peer: Peer) => void) => () => void;
  /** The failure when the address may not be dialled and the peer cannot be called. */
  readonly notYet: () => ShoalError;
  readonly clock: Clock;
}

/**
 * Links to a peer in either direction: dials it, and asks it to dial us when that fails or takes CALL_AFTER_MS.
 * @throws ShoalError like the dial; BLOCKED when the call was passed on and no connection came in either direction
 */
export function reach<Peer>(options: ReachOptions<Peer>): Promise<Peer> {
  const { address, dial, call, onLinked, notYet, clock } = options;
  return new Promise((resolve, reject) => {
    let dialFailure = dial === undefined ? notYet() : undefined;
    let callFailure: 'pending' | 'not passed on' | 'no connection' = 'pending';
    let isCalled = false;
    let cancelCall = () => {};
    const done = () => {
      cancelCall();
      stopListening();
    };
    const stopListening = onLinked((peer) => {
      done();
      resolve(peer);
    });
    const review = () => {
      if (dialFailure === undefined || callFailure === 'pending') return;
      done();
      reject(callFailure === 'not passed on' ? dialFailure : blocked(address, dialFailure));
    };
    const callFailed = (how: typeof callFailure) => {
      callFailure = how;
      review();
    };
    const callOnce = () => {
      cancelCall();
      if (isCalled) return;
      isCalled = true;
      call().then(
        () => {
          cancelCall = clock.after(CALLED_MS, () => callFailed('no connection'));
        },
        () => callFailed('not passed on'),
      );
    };
    if (dial === undefined) {
      callOnce();
      return;
    }
    cancelCall = clock.after(CALL_AFTER_MS, callOnce);
    dial().then(
      (peer) => {
        done();
        resolve(peer);
      },
      (failure: unknown) => {
        dialFailure = asShoalError(failure, 'UNREACHABLE');
        if (isCalled) review();
        else callOnce();
      },
    );
  });
}

function blocked(address: Address, cause: ShoalError): ShoalError {
  const place = formatAddress(address);
  return new ShoalError('BLOCKED', `${place} and this computer cannot connect to each other`, {
    hint: `Let TCP through the firewall of one of the two: port ${address.port} there, or the port of this peer here.`,
    cause,
  });
}
