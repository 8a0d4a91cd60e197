import { generateKeyPairSync } from 'node:crypto';
import { tlsTransport } from '../../Peer/Network/Links/Accepting/TlsSockets.ts';
import { certificateOf } from '../../Peer/State/Certificate.ts';
import { newInstanceId } from '../../Protocol/Ids.ts';
import { peerIdOf } from '../../Protocol/PeerKey.ts';
import { encodeControl, PROTOCOL_VERSION } from '../../Protocol/PeerMessages.ts';

/** Opens a control link and closes it. @returns milliseconds until the hello of the peer; undefined: no hello */
export async function linkOnce(port: number): Promise<number | undefined> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const transport = tlsTransport({
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: certificateOf(privateKey),
  });
  const startMs = performance.now();
  let answered: (ms: number | undefined) => void = () => {};
  const answer = new Promise<number | undefined>((resolve) => {
    answered = resolve;
  });
  try {
    const stream = await transport.dial(
      { host: '127.0.0.1', port },
      {
        // A hello, not a goodbye.
        data: (bytes) => answered(bytes[4] === 1 ? performance.now() - startMs : undefined),
        closed: () => answered(undefined),
      },
    );
    stream.write(
      encodeControl({
        type: 'hello',
        version: PROTOCOL_VERSION,
        peerId: peerIdOf(privateKey),
        instanceId: newInstanceId(Date.now(), 1),
        name: 'newcomer',
        port: 9,
        features: 0,
      }),
    );
    const ms = await answer;
    stream.destroy();
    return ms;
  } catch {
    return undefined;
  }
}
