import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';

/** Wraps the server side of TLS around accepted connections: HTTP/1.1 inside, no client certificates. */
export function secureSockets(identity: {
  readonly key: string;
  readonly cert: string;
}): (socket: Duplex) => Duplex {
  const secureContext = createSecureContext({ ...identity, minVersion: 'TLSv1.2' });
  return (socket) => {
    const secured = new TLSSocket(socket as TLSSocket, {
      isServer: true,
      secureContext,
      ALPNProtocols: ['http/1.1'],
    });
    // A failed handshake is no error of the peer.
    secured.on('error', () => secured.destroy());
    return secured;
  };
}
