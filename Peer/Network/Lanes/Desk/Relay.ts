import { unlessAborted } from '../../../../Shared/Async/OnAbort.ts';
import type { RateFlow } from '../Limits/RateFlow.ts';
import type { Sink } from './Serving.ts';

/**
 * Sends pieces of a file that arrive meanwhile, within the limits of the flow. It takes no slot, which would be idle
 * while the pieces arrive.
 * @param moved - called after each write
 * @throws ShoalError CANCELLED; failures of the pieces and of the sink pass through
 */
export async function relay(
  pieces: AsyncIterable<Uint8Array>,
  to: Sink,
  { flow, signal, moved }: { flow: RateFlow; signal: AbortSignal; moved: (bytes: number) => void },
): Promise<void> {
  try {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; ) {
        const part = piece.subarray(at, at + flow.pieceBytesMax);
        const allowed = flow.take(part.length);
        if (allowed !== undefined) await unlessAborted(allowed, signal);
        await unlessAborted(to.write(part), signal);
        moved(part.length);
        at += part.length;
      }
    }
  } finally {
    flow.close();
  }
}
