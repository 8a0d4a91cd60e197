import { PEER_PORT_FIRST, PEER_PORT_LAST } from '../../../../Protocol/Limits.ts';
import type { Random } from '../../../../Shared/Clock.ts';
import { asShoalError } from '../../../../Shared/ShoalError.ts';
import type { Listen, Listener } from '../../../../Shared/Transport.ts';

/** Ports tried before the failure is passed on. */
const TRIES = 100;

/** Listens on a port; 0: on a random free one of 9000-9999. @throws ShoalError PORT_IN_USE */
export async function listenSomewhere(
  listen: Listen,
  port: number,
  random: Random,
  accept: Parameters<Listen>[1],
): Promise<Listener> {
  if (port !== 0) return listen(port, accept);
  for (let attempt = 1; ; attempt++) {
    const candidate = PEER_PORT_FIRST + Math.floor(random() * (PEER_PORT_LAST - PEER_PORT_FIRST + 1));
    try {
      return await listen(candidate, accept);
    } catch (failure) {
      if (asShoalError(failure, 'UNREACHABLE').code !== 'PORT_IN_USE' || attempt >= TRIES) throw failure;
    }
  }
}
