import { ApiError } from './Client.ts';

/** An answer to a part of a file. */
export interface PartAnswer {
  readonly status: number;
  /** Header `Upload-Offset`: bytes that are at the peer. */
  readonly offset: number | undefined;
  readonly error: ApiError;
}

/**
 * Sends bytes from a position on; undefined: asks how much is there. Rejects with an ApiError UNREACHABLE when the
 * connection is lost, and with CANCELLED by the user.
 */
type SendPart = (from: number | undefined) => Promise<PartAnswer>;

export interface ResumableOptions {
  readonly send: SendPart;
  readonly wait: (ms: number) => Promise<void>;
  /** The first request only asks: no byte is sent before the owner has agreed. */
  readonly asksFirst: boolean;
  /** The connection is lost, or the peer is busy: it goes on by itself. */
  readonly onTrouble: () => void;
}

const FIRST_WAIT_MS = 1_000;
const WAIT_MAX_MS = 30_000;
/** Attempts in a row without a byte, over about ten minutes. */
const ATTEMPTS_MAX = 25;

/** Sends a file to a peer, and goes on after a lost connection where the peer has stopped. @throws ApiError */
export async function sendResumably({ send, wait, asksFirst, onTrouble }: ResumableOptions): Promise<void> {
  let from: number | undefined = asksFirst ? undefined : 0;
  let here = 0;
  let failures = 0;
  for (;;) {
    const answer = await send(from).catch(unlessLost);
    if (answer?.status === 201) return;
    const { offset } = answer ?? {};
    if (offset !== undefined && offset > here) failures = 0;
    here = Math.max(here, offset ?? 0);
    const isBusy = answer === undefined || answer.status === 503 || answer.status === 429;
    if (isBusy) {
      if (++failures > ATTEMPTS_MAX) throw answer?.error ?? lost();
      onTrouble();
      await wait(Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** (failures - 1)));
      from = undefined;
    } else if (offset === undefined || ++failures > ATTEMPTS_MAX) throw answer.error;
    else from = offset;
  }
}

function unlessLost(failure: unknown): undefined {
  if (failure instanceof ApiError && failure.code === 'UNREACHABLE') return undefined;
  throw failure;
}

function lost(): ApiError {
  return new ApiError('UNREACHABLE', 'the peer does not answer');
}
