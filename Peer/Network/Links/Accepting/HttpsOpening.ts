import { claimsTls } from './ClientHello.ts';
import type { HandshakeRates } from './HandshakeRates.ts';
import type { Occupant, Opening } from './Opening.ts';

/** Name of HTTP/1.1 in TLS (RFC 7301). */
const HTTP_ALPN = 'http/1.1';

/** HTTP inside TLS. */
export interface HttpsFace {
  /** Whether it is answered now. */
  isServed(): boolean;
  readonly accept: Opening['accept'];
}

/** TLS connections of browsers and curl: they offer HTTP, or name no protocol. */
export function httpsOpening({ isServed, accept }: HttpsFace, rates: HandshakeRates): Opening {
  return {
    name: 'https',
    claims: (first) => {
      if (!isServed()) return 'not mine';
      return claimsTls(first, (names) => names.length === 0 || names.includes(HTTP_ALPN));
    },
    accept: (incoming) => {
      let occupant: Occupant | undefined;
      rates.start(incoming, () => {
        occupant = accept(incoming);
      });
      return { idleMs: (nowMs) => occupant?.idleMs(nowMs), evict: () => occupant?.evict() };
    },
  };
}
