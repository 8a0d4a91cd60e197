import { type Address, formatAddress } from '../../../../Shared/Network/Address.ts';
import { asShoalError, ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';

/**
 * Time without a connection the first way, dial or call, after which the other way is tried as well: above a round
 * trip on most lines, as with Happy Eyeballs (RFC 8305: 250 ms).
 */
const SECOND_WAY_MS = 300;
/**
 * The same from the connection on: a peer that accepts it can be dialled, and is busy or asleep. A second handshake
 * would keep it busier. With CALLED_MS no longer than a dial takes to fail.
 */
const HANDSHAKE_MS = 2_000;
/** Time for a called peer to connect: a round trip to it, its dial, and a lost packet. */
const CALLED_MS = 3_000;

export interface ReachOptions<Peer> {
  readonly address: Address;
  /**
   * Dials, and calls `connected` when the connection is there, before its handshake. Undefined: not before the backoff
   * of the address has passed.
   */
  readonly dial: ((connected: () => void) => Promise<Peer>) | undefined;
  /** Asks the peer to dial us. @throws ShoalError when nobody passes that on */
  readonly call: () => Promise<void>;
  /** The peer reports that nobody can dial it: it is called at once. */
  readonly callFirst: boolean;
  /** Calls the listener when the peer is linked, by whomever. @returns a function that unsubscribes */
  readonly onLinked: (listener: (peer: Peer) => void) => () => void;
  /** The failure when the address may not be dialled and the peer cannot be called. */
  readonly notYet: () => ShoalError;
  readonly clock: Clock;
}

/**
 * Links to a peer in either direction: dials it and asks it to dial us, the second way when the first one fails or has
 * made no connection after SECOND_WAY_MS, or no link HANDSHAKE_MS after that.
 * @throws ShoalError like the dial; TIMEOUT when the peer accepts connections and is silent; BLOCKED when the call was
 * passed on and no connection came in either direction
 */
export function reach<Peer>(options: ReachOptions<Peer>): Promise<Peer> {
  const { address, dial, call, callFirst, onLinked, notYet, clock } = options;
  return new Promise((resolve, reject) => {
    let dialFailure: ShoalError | undefined;
    let callFailure: 'pending' | 'not passed on' | 'no connection' = 'pending';
    let cancelSecond = () => {};
    let cancelCall = () => {};
    let isDone = false;
    const done = () => {
      isDone = true;
      cancelSecond();
      cancelCall();
      stopListening();
    };
    const linked = (peer: Peer) => {
      done();
      resolve(peer);
    };
    const stopListening = onLinked(linked);
    const review = () => {
      if (dialFailure === undefined || callFailure === 'pending') return;
      done();
      // A peer that accepts connections and is silent is not blocked: its computer is asleep or busy.
      const isSilent = dialFailure.code === 'TIMEOUT';
      reject(callFailure === 'not passed on' || isSilent ? dialFailure : blocked(address, dialFailure));
    };
    const dialFailed = (failure: ShoalError) => {
      dialFailure = failure;
      callNow();
      review();
    };
    const callFailed = (how: typeof callFailure) => {
      callFailure = how;
      dialNow();
      review();
    };
    const dialNow = once(() => {
      if (dial === undefined) dialFailed(notYet());
      else
        dial(connected).then(linked, (failure: unknown) => dialFailed(asShoalError(failure, 'UNREACHABLE')));
    });
    const callNow = once(() => {
      call().then(
        () => {
          cancelCall = clock.after(CALLED_MS, () => callFailed('no connection'));
        },
        () => callFailed('not passed on'),
      );
    });
    const connected = () => {
      if (isDone) return;
      cancelSecond();
      cancelSecond = clock.after(HANDSHAKE_MS, second);
    };
    const [first, second] = callFirst ? [callNow, dialNow] : [dialNow, callNow];
    cancelSecond = clock.after(SECOND_WAY_MS, second);
    first();
  });
}

function once(task: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    task();
  };
}

function blocked(address: Address, cause: ShoalError): ShoalError {
  const place = formatAddress(address);
  return new ShoalError('BLOCKED', `${place} and this computer cannot connect to each other`, {
    hint:
      'The peer may have stopped a moment ago. ' +
      `If it runs, let TCP through the firewall of one of the two: port ${address.port} there, or the port of this peer here. ` +
      'Or start a third peer that both can reach with --relay.',
    cause,
  });
}
