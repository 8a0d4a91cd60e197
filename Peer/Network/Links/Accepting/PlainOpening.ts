import { type ConnectionKind, encodePreamble, PREAMBLE_BYTES } from '../../../../Protocol/PeerMessages.ts';
import type { ByteStream, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import { claimsStart, type Occupant, type Opening } from './Opening.ts';

/** The beginning of every preamble. */
export const SHOAL_BYTES = Buffer.from('SHOAL', 'latin1');

/** The owner of a plain connection, and its handler. */
export interface PlainConnection extends Occupant {
  readonly handler: StreamHandler;
}

/** Connections that begin with the preamble of a kind. @param accept - gets `full` and `settle` of Incoming */
export function plainOpening(
  kind: ConnectionKind,
  accept: (stream: ByteStream, full: boolean, settle: () => void) => PlainConnection,
): Opening {
  const preamble = encodePreamble(kind);
  return {
    name: kind,
    claims: (first) => claimsStart(first, preamble),
    accept: (incoming) => {
      let connection: PlainConnection | undefined;
      incoming.stream((stream) => {
        connection = accept(stream, incoming.full, () => incoming.settle());
        return connection.handler;
      }, PREAMBLE_BYTES);
      if (connection === undefined) throw new RangeError('the stream was not handed over');
      return connection;
    },
  };
}
