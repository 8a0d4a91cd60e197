import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

/** Relays datagrams to a server of this host and back, and counts their bytes. */
export class UdpMeter {
  readonly #port: number;
  readonly #front: Socket = createSocket('udp4');
  readonly #behind = new Map<string, Socket>();
  /** Payload bytes, both ways. */
  bytes = 0;

  /** @param target - `127.0.0.1:6881` */
  constructor(target: string) {
    this.#port = Number(target.split(':')[1]);
  }

  /** Starts the relay. @returns its `host:port` */
  async start(): Promise<string> {
    this.#front.on('message', (message, from) => this.#forward(message, from));
    await new Promise<void>((resolve) => this.#front.bind(0, '127.0.0.1', resolve));
    return `127.0.0.1:${this.#front.address().port}`;
  }

  async close(): Promise<void> {
    const sockets = [this.#front, ...this.#behind.values()];
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  }

  #forward(message: Buffer, from: RemoteInfo): void {
    this.bytes += message.length;
    this.#socketOf(from).send(message, this.#port, '127.0.0.1');
  }

  /** Socket of a client: one each, so that the server can distinguish clients. */
  #socketOf(client: RemoteInfo): Socket {
    const key = `${client.address}:${client.port}`;
    const known = this.#behind.get(key);
    if (known !== undefined) return known;
    const socket = createSocket('udp4');
    socket.on('message', (answer) => {
      this.bytes += answer.length;
      this.#front.send(answer, client.port, client.address);
    });
    this.#behind.set(key, socket);
    return socket;
  }
}
