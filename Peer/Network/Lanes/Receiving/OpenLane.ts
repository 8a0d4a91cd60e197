import { encodeLane, encodePreamble } from '../../../../Protocol/PeerMessages.ts';
import { onAbort } from '../../../../Shared/Async/OnAbort.ts';
import { type Address, formatAddress } from '../../../../Shared/Network/Address.ts';
import type { ByteStream, Dial, ReadTarget, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import { asShoalError, ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { LaneWay } from '../../../LinkModel.ts';
import type { OpenLane } from './Lane.ts';

/** Time for our own dial while the peer could dial instead: a round trip, and one lost packet. */
const DIAL_MS = 2_000;

export interface LaneDialOptions {
  /** Obtains the address to dial and a lane token over the control link. */
  readonly enter: () => Promise<{
    readonly address: Address;
    readonly token: string;
    /** Own address to dial from. */
    readonly from?: string | undefined;
  }>;
  readonly dial: Dial;
  readonly clock: Clock;
  /** Requests a lane that the peer dials; undefined: it does not do that. */
  readonly requestBack: () => OpenLane | undefined;
  /** Whether a dial of ours is probably in vain. */
  readonly isUndialable: () => boolean;
  /** Called with the side that has opened a lane. */
  readonly opened: (way: LaneWay) => void;
}

/** Opens lanes to one peer: by a dial, and by one of the peer when ours fails. Begins with the way that worked last. */
export function laneOpener(options: LaneDialOptions): OpenLane {
  let backWorked = false;
  let isBlocked = false;
  return async (handler, into, signal) => {
    const back = options.requestBack();
    const by = async (way: LaneWay, opening: Promise<ByteStream>) => {
      const stream = await opening;
      options.opened(way);
      return stream;
    };
    if (back === undefined) return by('by us', dialLane(options, handler, into, signal));
    const byUs = () => by('by us', dialLane(options, handler, into, signal, DIAL_MS));
    const byPeer = () => by('by them', back(handler, into, signal));
    const backFirst = backWorked || options.isUndialable();
    const [first, second] = backFirst ? [byPeer, byUs] : [byUs, byPeer];
    try {
      const stream = await first();
      backWorked = backFirst;
      isBlocked = false;
      return stream;
    } catch (failure) {
      if (signal.aborted || !isNoAnswer(failure)) throw failure;
      const stream = await second().catch((other: unknown) => {
        const failures = [failure, other].map((each) => asShoalError(each, 'UNREACHABLE'));
        // The peer answers NOT_FOUND when its dial failed, and REFUSED while it dials no more.
        isBlocked = failures.some(({ code }) => code === 'NOT_FOUND' || (code === 'REFUSED' && isBlocked));
        throw isBlocked ? blocked(other) : (failures.find(({ code }) => code !== 'REFUSED') ?? other);
      });
      backWorked = !backFirst;
      isBlocked = false;
      return stream;
    }
  };
}

async function dialLane(
  { enter, dial, clock }: LaneDialOptions,
  handler: StreamHandler,
  into: ReadTarget,
  signal: AbortSignal,
  maxMs?: number,
): Promise<ByteStream> {
  const { address, token, from } = await enter();
  const over = new AbortController();
  const stopListening = onAbort(signal, () => over.abort());
  const cancel = maxMs === undefined ? () => {} : clock.after(maxMs, () => over.abort());
  if (signal.aborted) over.abort();
  try {
    const stream = await dial(address, handler, { signal: over.signal, into, from });
    stream.write(Buffer.concat([encodePreamble('lane'), encodeLane({ type: 'token', token })]));
    return stream;
  } catch (failure) {
    if (!over.signal.aborted || signal.aborted) throw failure;
    throw new ShoalError('TIMEOUT', `${formatAddress(address)} does not answer`, { cause: failure });
  } finally {
    cancel();
    stopListening();
  }
}

function isNoAnswer(failure: unknown): boolean {
  return ['UNREACHABLE', 'TIMEOUT', 'REFUSED', 'NOT_FOUND'].includes(
    asShoalError(failure, 'UNREACHABLE').code,
  );
}

function blocked(cause: unknown): ShoalError {
  return new ShoalError('BLOCKED', 'the two computers cannot connect to each other for file data', {
    hint: 'Let TCP through the firewall of one of the two.',
    cause,
  });
}
