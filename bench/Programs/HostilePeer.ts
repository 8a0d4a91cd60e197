import { generateKeyPairSync } from 'node:crypto';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { certificateOf } from '../../Peer/State/Certificate.ts';
import { chunkLayout, chunkLength } from '../../Protocol/ChunkLayout.ts';
import { fileIdOf, hashBytes } from '../../Protocol/FileId.ts';
import { FrameDecoder } from '../../Protocol/FrameDecoder.ts';
import type { ChunkHash, FileId, InstanceId, PeerId } from '../../Protocol/Ids.ts';
import { CONTROL_ALPN } from '../../Protocol/Limits.ts';
import { peerIdOf } from '../../Protocol/PeerKey.ts';
import {
  type ControlMessage,
  decodeControl,
  decodeLane,
  encodeControl,
  encodeLane,
  PREAMBLE_BYTES,
  PROTOCOL_VERSION,
} from '../../Protocol/PeerMessages.ts';
import { NO_TOKEN, type Prove, proveWith } from '../../Protocol/PeerProof.ts';
import {
  decodeReply,
  encodeRequest,
  type ReplyOf,
  type TrackerReply,
  type TrackerRequest,
} from '../../Protocol/TrackerMessages.ts';
import { parseHostPort } from '../../Shared/Network/Address.ts';

/** Time between heartbeats: leases at the tracker take 10 s. */
const HEARTBEAT_MS = 3_000;

/** A file as a hostile peer announces and serves it: name, description and bytes may contradict each other. */
export interface HostileFile {
  readonly path: string;
  readonly size: number;
  readonly fileId: FileId;
  readonly chunkHashes: readonly ChunkHash[];
  chunk(index: number): Uint8Array;
}

/** A file whose id, description and bytes match. */
export function honestFile(path: string, content: Uint8Array): HostileFile {
  const layout = chunkLayout(content.length);
  const piece = (index: number) =>
    content.subarray(index * layout.chunkBytes, index * layout.chunkBytes + chunkLength(layout, index));
  const chunkHashes = Array.from({ length: layout.chunkCount }, (_, index) => hashBytes(piece(index)));
  return {
    path,
    size: content.length,
    fileId: fileIdOf(content.length, chunkHashes),
    chunkHashes,
    chunk: piece,
  };
}

/** A peer on real sockets with as much of the protocol as attacks need. */
export class HostilePeer {
  readonly peerId: PeerId;
  readonly name: string;
  /** Chunks requested from this peer. */
  asked = 0;
  readonly #prove: Prove;
  readonly #instanceId: InstanceId = Date.now().toString(16).padStart(16, '0') as InstanceId;
  readonly #files: readonly HostileFile[];
  readonly #server: Server;
  readonly #tls: TlsServer;
  readonly #udp: DatagramSocket;
  readonly #sockets = new Set<Socket>();
  #heartbeat: NodeJS.Timeout | undefined;
  #port = 0;

  private constructor(name: string, files: readonly HostileFile[]) {
    this.name = name;
    const { privateKey } = generateKeyPairSync('ed25519');
    this.peerId = peerIdOf(privateKey);
    this.#prove = proveWith(privateKey);
    this.#tls = createTlsServer({
      key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      cert: certificateOf(privateKey),
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: [CONTROL_ALPN],
    });
    this.#tls.on('secureConnection', (socket) => this.#control(socket));
    this.#tls.on('tlsClientError', () => {});
    this.#files = files;
    this.#udp = createSocket('udp4');
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens and announces its files to the tracker. The caller closes the peer. */
  static async start(name: string, files: readonly HostileFile[], tracker: string): Promise<HostilePeer> {
    const peer = new HostilePeer(name, files);
    await once(peer.#server.listen(0, '127.0.0.1'), 'listening');
    peer.#port = (peer.#server.address() as AddressInfo).port;
    await peer.#register(tracker);
    return peer;
  }

  get port(): number {
    return this.#port;
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await new Promise<void>((resolve) => this.#udp.close(() => resolve()));
  }

  async #register(tracker: string): Promise<void> {
    const { peerId, name } = this;
    const instanceId = this.#instanceId;
    const { connectionId } = await this.#ask(tracker, '', { type: 'connect' }, 'connected');
    const beat = {
      type: 'heartbeat',
      peerId,
      instanceId,
      port: this.#port,
      name,
      catalogVersion: 1,
      files: this.#files.length,
      bytes: 0,
      uploads: 0,
      token: NO_TOKEN,
      queryToken: '0'.repeat(16),
      unlisted: false,
    } as const;
    const { trackerInstance } = await this.#ask(tracker, connectionId, beat, 'unproven');
    const proof = this.#prove({ trackerInstance, connectionId, peerId, instanceId, port: this.#port });
    const { token = NO_TOKEN } = await this.#ask(tracker, connectionId, { ...beat, proof }, 'alive');
    for (const [page, { path, size, fileId }] of this.#files.entries()) {
      const entries = [{ kind: 'file', path, size, fileId } as const];
      const pages = this.#files.length;
      const publish = {
        type: 'publish',
        peerId,
        instanceId,
        token,
        version: PROTOCOL_VERSION,
        base: 0,
        page,
        pages,
        entries,
      } as const;
      await this.#ask(tracker, connectionId, publish, 'published');
    }
    const renew = async () => {
      const fresh = await this.#ask(tracker, '', { type: 'connect' }, 'connected');
      await this.#ask(tracker, fresh.connectionId, { ...beat, token }, 'alive');
    };
    // A tracker that is gone is of no interest to an attack.
    this.#heartbeat = setInterval(() => void renew().catch(() => {}), HEARTBEAT_MS);
  }

  async #ask<T extends TrackerReply['type']>(
    tracker: string,
    connectionId: string,
    request: TrackerRequest,
    type: T,
  ): Promise<ReplyOf<T>> {
    const { host, port } = parseHostPort(tracker, 0);
    const answered = once(this.#udp, 'message');
    this.#udp.send(encodeRequest(connectionId, 1, request), port, host);
    const [bytes] = (await answered) as [Uint8Array];
    const { reply } = decodeReply(bytes);
    if (reply.type !== type) throw new Error(`wanted ${type}, got ${JSON.stringify(reply)}`);
    return reply as ReplyOf<T>;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    socket.once('data', (first: Buffer) => {
      socket.pause();
      const isTls = first[0] === 0x16;
      socket.unshift(isTls ? first : first.subarray(PREAMBLE_BYTES));
      if (isTls) this.#tls.emit('connection', socket);
      else this.#lane(socket);
    });
  }

  #control(socket: Socket): void {
    const decoder = new FrameDecoder(65_536);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      for (const { type, body } of decoder.push(bytes)) {
        const message = decodeControl(type, body);
        for (const answer of message === undefined ? [] : this.#answers(message))
          socket.write(encodeControl(answer));
      }
    });
  }

  /** The preamble arrives whole, with the first bytes. */
  #lane(socket: Socket): void {
    const decoder = new FrameDecoder(65_536);
    socket.on('data', (bytes: Buffer) => {
      for (const { type, body } of decoder.push(bytes)) this.#laneFrame(socket, type, body);
    });
    socket.resume();
  }

  #laneFrame(socket: Socket, type: number, body: Uint8Array): void {
    const message = decodeLane(type, body);
    if (message?.type !== 'request') return;
    const { id, chunk } = message;
    this.asked++;
    const bytes = this.#file(message.fileId)?.chunk(chunk);
    socket.write(
      encodeLane(
        bytes === undefined ? { type: 'reject', id, code: 'not-found' } : { type: 'data', id, bytes },
      ),
    );
  }

  #file(fileId: FileId): HostileFile | undefined {
    return this.#files.find((file) => file.fileId === fileId);
  }

  #answers(message: ControlMessage): ControlMessage[] {
    const { peerId, name } = this;
    switch (message.type) {
      case 'hello':
        return [
          {
            type: 'hello',
            version: PROTOCOL_VERSION,
            peerId,
            instanceId: this.#instanceId,
            name,
            port: this.#port,
            features: 0,
          },
        ];
      case 'interested':
        return [{ type: 'haveAll', fileId: message.fileId }];
      case 'describe': {
        const { requestId } = message;
        const file = this.#file(message.fileId);
        if (file === undefined) return [{ type: 'refused', requestId, code: 'not-found' }];
        const { size, chunkHashes } = file;
        return [{ type: 'description', requestId, size, firstChunk: 0, chunkHashes }];
      }
      case 'list': {
        const files = this.#files.map(({ path, size, fileId }) => ({
          path,
          size,
          fileId,
          modifiedMs: 2 ** 52,
        }));
        return [{ type: 'listPage', requestId: message.requestId, total: files.length, next: 0, files }];
      }
      case 'laneRequest':
        return [{ type: 'laneGrant', requestId: message.requestId, token: 'ab'.repeat(16) }];
      case 'ping':
        return [{ type: 'pong' }];
      default:
        return [];
    }
  }
}
