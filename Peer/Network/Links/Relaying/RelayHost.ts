import type { PeerId } from '../../../../Protocol/Ids.ts';
import { RELAY_TOKEN_MS } from '../../../../Protocol/Limits.ts';
import { decodeLane, encodeLane, FRAME_HEADER_BYTES } from '../../../../Protocol/PeerMessages.ts';
import type { ByteStream } from '../../../../Shared/Network/Transport.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { type Clock, every } from '../../../../Shared/Time/Clock.ts';
import type { RelayStatus } from '../../../NetworkModel.ts';
import { RateLimiter } from '../../Lanes/Limits/RateLimiter.ts';
import type { TransferLimits } from '../../Lanes/Limits/TransferLimits.ts';
import type { PlainConnection } from '../Accepting/PlainOpening.ts';
import { RelayEnd } from './RelayEnd.ts';
import type { RelayPeer } from './RelayTypes.ts';

/** Relayed connections at once: two dozen pairs with a link and a lane each way. */
const SESSIONS_MAX = 64;
/** Relayed connections in which one peer takes part: links and lanes with four others. */
const SESSIONS_PER_PEER_MAX = 12;
/** Time without bytes after which a relayed connection is cut: four pings of a link. */
const IDLE_MS = 120_000;
const TOKEN_FRAME_BYTES = FRAME_HEADER_BYTES + 16;

export interface RelayHostOptions {
  readonly clock: Clock;
  /** Bytes per second of all relayed connections together, both directions counted. */
  readonly bytesPerSecond: number;
  /** Limits of this peer: relayed bytes count as received and as sent. */
  readonly limits: TransferLimits;
  readonly newToken: () => string;
  /** The linked peer of that id; has it called first if necessary. @throws ShoalError NOT_FOUND */
  readonly summon: (peerId: PeerId) => Promise<RelayPeer>;
  /** Called for a connection without a valid token. */
  readonly misbehaved: (host: string, reason: string) => void;
}

/** One peer of a relayed connection, and its half once it has dialled. */
interface Half {
  readonly peerId: PeerId;
  /** Host of its link. */
  readonly host: string;
  end: RelayEnd | undefined;
  isOver: boolean;
}

interface Session {
  readonly halves: readonly [Half, Half];
  usedMs: number;
  cancel: () => void;
}

/**
 * Relays connections between linked peers that cannot connect to each other: each of both dials us, and the bytes of
 * one go to the other. The bytes are encrypted between the two peers: nothing in them is read.
 */
export class RelayHost {
  readonly #options: RelayHostOptions;
  readonly #limiter: RateLimiter;
  readonly #sessions = new Set<Session>();
  readonly #tokens = new Map<string, { readonly session: Session; readonly half: Half }>();
  /** Requests whose other peer is being called. */
  #pending = 0;
  #bytes = 0;

  constructor(options: RelayHostOptions) {
    this.#options = options;
    this.#limiter = new RateLimiter(options.clock, { total: options.bytesPerSecond });
  }

  get status(): RelayStatus {
    const joined = [...this.#sessions].filter(({ halves }) =>
      halves.every(({ end, isOver }) => end && !isOver),
    );
    return {
      connections: joined.length,
      bytes: this.#bytes,
      bytesPerSecondMax: this.#options.bytesPerSecond,
    };
  }

  /**
   * Prepares a connection between two linked peers.
   * @returns the token for the half of the requesting one
   * @throws ShoalError REFUSED beyond the limits, NOT_FOUND when there is no direct link to the other peer
   */
  async grant(from: RelayPeer, to: PeerId): Promise<string> {
    const { newToken, summon, clock } = this.#options;
    if (from.link.via !== undefined || from.contact.peerId === to)
      throw new ShoalError('REFUSED', 'a relayed link, or the peer itself, is not relayed');
    this.#checkRoom(from.contact.peerId);
    this.#pending++;
    const other = await summon(to).finally(() => this.#pending--);
    if (other.link.via !== undefined) throw new ShoalError('NOT_FOUND', 'that peer is linked by a relay');
    this.#checkRoom(from.contact.peerId);
    this.#checkRoom(to);
    const halves = [halfOf(from), halfOf(other)] as const;
    const session: Session = { halves, usedMs: clock.nowMs(), cancel: () => {} };
    this.#sessions.add(session);
    const [own, theirs] = halves.map((half) => {
      const token = newToken();
      this.#tokens.set(token, { session, half });
      return token;
    });
    session.cancel = clock.after(RELAY_TOKEN_MS, () => this.#end(session));
    if (own === undefined || theirs === undefined) throw new RangeError('two tokens were made');
    const { peerId, address } = from.contact;
    other.send({ type: 'relayedBy', token: theirs, peerId, address });
    return own;
  }

  /** Accepts a half, which begins with its token. @param full, settle - as in Uploads.accept */
  accept(stream: ByteStream, full: boolean, settle: () => void): PlainConnection {
    let first: Buffer = Buffer.alloc(0);
    let end: RelayEnd | undefined;
    const enter = () => {
      const found = this.#redeem(first.subarray(0, TOKEN_FRAME_BYTES), stream.remote.host);
      if (found === undefined) {
        this.#options.misbehaved(stream.remote.host, 'a relayed connection that was not requested');
        stream.destroy();
        return;
      }
      settle();
      end = this.#enter(found.session, found.half, stream);
      if (first.length > TOKEN_FRAME_BYTES) end.data(first.subarray(TOKEN_FRAME_BYTES));
    };
    if (full) stream.destroy();
    return {
      handler: {
        data: (bytes) => {
          if (end !== undefined) return end.data(bytes);
          first = Buffer.concat([first, bytes]);
          if (first.length >= TOKEN_FRAME_BYTES) enter();
        },
        drained: () => end?.drained(),
        closed: () => end?.closed(),
      },
      idleMs: () => undefined,
      evict: () => stream.destroy(),
    };
  }

  /** Ends the connections of a peer whose link ended. */
  drop(peerId: PeerId): void {
    for (const session of this.#sessions)
      if (session.halves.some((half) => half.peerId === peerId)) this.#end(session);
  }

  close(): void {
    for (const session of this.#sessions) this.#end(session);
    this.#limiter.close();
  }

  #checkRoom(peerId: PeerId): void {
    const own = [...this.#sessions].filter(({ halves }) => halves.some((half) => half.peerId === peerId));
    if (this.#sessions.size + this.#pending >= SESSIONS_MAX || own.length >= SESSIONS_PER_PEER_MAX)
      throw new ShoalError('REFUSED', 'too many relayed connections');
  }

  #redeem(frame: Buffer, host: string) {
    const token = tokenIn(frame);
    const found = token === undefined ? undefined : this.#tokens.get(token);
    if (token === undefined || found?.half.host !== host) return undefined;
    this.#tokens.delete(token);
    return found;
  }

  #enter(session: Session, half: Half, stream: ByteStream): RelayEnd {
    const { clock } = this.#options;
    const end = new RelayEnd(stream, {
      clock,
      moved: (bytes) => {
        this.#bytes += bytes;
        session.usedMs = clock.nowMs();
      },
      ended: () => this.#halfEnded(session, half),
    });
    half.end = end;
    const [one, other] = session.halves;
    if (one.end === undefined || other.end === undefined) return end;
    session.cancel();
    session.cancel = every(clock, IDLE_MS / 4, () => {
      if (clock.nowMs() - session.usedMs >= IDLE_MS) this.#end(session);
    });
    one.end.join(other.end, this.#flows(one, other));
    other.end.join(one.end, this.#flows(other, one));
    return end;
  }

  /**
   * The other half ends by itself when its last bytes are sent: until then the session counts, and is cut when it is
   * idle. One that has not dialled yet comes in vain.
   */
  #halfEnded(session: Session, half: Half): void {
    half.isOver = true;
    if (session.halves.some(({ end }) => end === undefined)) this.#end(session);
    else if (session.halves.every(({ isOver }) => isOver)) this.#forget(session);
  }

  #flows(from: Half, to: Half) {
    const { up, down, classOf } = this.#options.limits;
    return [this.#limiter.flow(classOf(to.host)), down.flow(classOf(from.host)), up.flow(classOf(to.host))];
  }

  #end(session: Session): void {
    this.#forget(session);
    for (const { end } of session.halves) end?.destroy();
  }

  #forget(session: Session): void {
    session.cancel();
    this.#sessions.delete(session);
    for (const [token, held] of this.#tokens) if (held.session === session) this.#tokens.delete(token);
  }
}

function halfOf({ contact, link }: RelayPeer): Half {
  return { peerId: contact.peerId, host: link.remote.host, end: undefined, isOver: false };
}

function tokenIn(frame: Buffer): string | undefined {
  try {
    const message = decodeLane(frame[4] ?? 0, frame.subarray(FRAME_HEADER_BYTES));
    if (message?.type !== 'token' || !encodeLane(message).equals(frame)) return undefined;
    return message.token;
  } catch {
    return undefined;
  }
}
