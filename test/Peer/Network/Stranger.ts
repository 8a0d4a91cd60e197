import type { PeerLinksOptions } from '../../../Peer/Network/Links/PeerLinks.ts';
import { FrameDecoder } from '../../../Protocol/FrameDecoder.ts';
import { type ControlMessage, decodeControl, encodeControl } from '../../../Protocol/PeerMessages.ts';
import type { ByteStream } from '../../../Shared/Network/Transport.ts';
import { simulatedHandshake } from '../../../Simulator/SimulatedSecure.ts';
import { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { instanceOf, type Node, peerIdOf, startNode } from './links.ts';

/** A hostile or broken peer on a bare connection: sends any bytes, and records the messages that it receives. */
export class Stranger {
  readonly heard: ControlMessage[] = [];
  bytes = Buffer.alloc(0);
  closed = false;
  readonly #network: SimulatedNetwork;
  #stream: ByteStream | undefined;

  constructor(network: SimulatedNetwork) {
    this.#network = network;
  }

  async dial(to: Node, ip = '10.0.0.66'): Promise<this> {
    const decoder = new FrameDecoder(65_536);
    const afterHandshake = handshakeSkipper();
    this.#stream = await this.#network.settle(
      this.#network.host(ip).dial(to.contact.address, {
        data: (bytes) => {
          this.bytes = Buffer.concat([this.bytes, bytes]);
          if (this.bytes.subarray(0, 5).equals(Buffer.from('HTTP/'))) return;
          for (const { type, body } of decoder.push(afterHandshake(bytes)))
            if (type < 64)
              this.heard.push(...[decodeControl(type, body)].filter((each) => each !== undefined));
        },
        closed: () => {
          this.closed = true;
        },
      }),
    );
    return this;
  }

  async send(...parts: Uint8Array[]): Promise<void> {
    this.#stream?.write(Buffer.concat(parts));
    await this.#network.clock.advanceAsync(100);
  }

  pause(): void {
    this.#stream?.pause();
  }

  destroy(): void {
    this.#stream?.destroy();
  }
}

/** The hello message of peer `number`. */
export const hello = (number = 66) =>
  encodeControl({
    type: 'hello',
    version: 2,
    peerId: peerIdOf(number),
    instanceId: instanceOf(1),
    name: 'stranger',
    port: 9_066,
    features: 0xffff_ffff,
  });
/** The handshake of a secure connection, by which peer `number` proves its id. */
export const handshake = (number = 66) => simulatedHandshake(peerIdOf(number));
/** Handshake and hello of a control link. */
export const greeting = (number = 66) => Buffer.concat([handshake(number), hello(number)]);

/** Returns a function that drops the remote side's handshake from the bytes of a control link. */
export function handshakeSkipper(): (bytes: Uint8Array) => Uint8Array {
  let skip: number | undefined;
  return (bytes) => {
    skip ??= bytes[0] === handshake()[0] ? handshake().length : 0;
    const rest = bytes.subarray(skip);
    skip -= bytes.length - rest.length;
    return rest;
  };
}

/** A peer with one small file, and strangers that dial it. */
export async function victim(seed = 1, change: Partial<PeerLinksOptions> = {}) {
  const network = new SimulatedNetwork({ seed });
  const node = await startNode(network, 1, change);
  node.share.add('file', Buffer.from('content'));
  const stranger = (ip?: string) => new Stranger(network).dial(node, ip);
  return { network, node, stranger, close: () => network.settle(node.links.close()) };
}
