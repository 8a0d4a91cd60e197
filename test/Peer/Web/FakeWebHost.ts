import { createHash } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { ContentDigest } from '../../../Peer/ContentModel.ts';
import type { DownloadStatus } from '../../../Peer/DownloadModel.ts';
import type { CatalogEntry } from '../../../Peer/Model.ts';
import type { ShareStatus } from '../../../Peer/ShareModel.ts';
import type { PlainSocket } from '../../../Peer/Transfer.ts';
import { ShareLinks } from '../../../Peer/Web/Links/ShareLinks.ts';
import type { WebCommand, WebFacts, WebHost, WebOptions } from '../../../Peer/Web/Ports.ts';
import { secureSockets } from '../../../Peer/Web/SecureSockets.ts';
import { WebServer } from '../../../Peer/Web/WebServer.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import type { Address } from '../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { systemClock } from '../../../Shared/Time/Clock.ts';

/** Bytes of one write. */
const PIECE = 1_048_576;
const TOKEN = 'the-token_of-this-peer';

type DropOf = Parameters<WebHost['drops']['open']>[0];

/** A peer with files in memory; `commands` records its commands. */
export class FakeWebHost implements WebHost {
  readonly name = 'studio';
  readonly port = 9_001;
  readonly commands: WebCommand[] = [];
  readonly contents = new Map<string, Buffer>();
  /** Thrown by the next `send`. */
  trouble: ShoalError | undefined;
  sends = 0;
  /** Number of ended sends. */
  ended = 0;
  beforeRun: () => Promise<void> = async () => {};
  beforeSend: (sink: { readonly plain?: PlainSocket | undefined }) => Promise<void> = async () => {};
  running: DownloadStatus[] = [];
  answer: { error: { code: string } | undefined; json: string } = { error: undefined, json: '{"ok":true}' };
  readonly #listeners = new Set<(news: { kind: string; text: string }) => void>();

  readonly files = {
    find: (path: string) => this.#entry(path),
    findId: (id: FileId) =>
      [...this.contents.keys()].map((path) => this.#entry(path)).find((e) => e?.fileId === id),
    list: (folder: string) =>
      [...this.contents.keys()]
        .filter((path) => folder === '' || path.startsWith(`${folder}/`))
        .sort()
        .flatMap((path) => this.#entry(path) ?? []),
    below: (folder: string) => this.files.list(folder),
    send: async (
      content: FileId,
      { from, to }: { from: number; to: number },
      sink: { write(bytes: Uint8Array): Promise<void>; readonly plain?: PlainSocket | undefined },
    ) => {
      this.sends++;
      try {
        await this.beforeSend(sink);
        if (this.trouble !== undefined) throw this.trouble;
        const path = this.files.findId(content)?.path ?? '';
        const bytes = this.contents.get(path)?.subarray(from, to) ?? Buffer.alloc(0);
        for (let at = 0; at < bytes.length; at += PIECE) await sink.write(bytes.subarray(at, at + PIECE));
      } finally {
        this.ended++;
      }
    },
    digest: async (content: FileId): Promise<ContentDigest> => {
      if (this.trouble !== undefined) throw this.trouble;
      const bytes = this.contents.get(this.files.findId(content)?.path ?? '') ?? Buffer.alloc(0);
      const digest = digestOf(bytes);
      this.digests.set(content, digest);
      return digest;
    },
    knownDigest: (content: FileId) => this.digests.get(content),
  };

  /** Received files, and the decision of the owner about offers; 'wait': none. */
  readonly dropped: { path: string; size: number; byOwner: boolean; bytes: Buffer }[] = [];
  answerTo: 'accept' | 'wait' | ShoalError = 'accept';
  takesOffers = true;

  get drops() {
    return {
      takesOffers: this.takesOffers,
      open: async (request: DropOf, gone: () => void, signal: AbortSignal) =>
        this.#open(request, gone, signal),
    };
  }

  async #open({ path, size, byOwner, fresh }: DropOf, gone: () => void, signal: AbortSignal) {
    if (this.answerTo === 'wait') await new Promise((resolve) => signal.addEventListener('abort', resolve));
    else if (this.answerTo !== 'accept') throw this.answerTo;
    const before = this.dropped.find((drop) => drop.path === path && drop.size === size);
    const drop = before ?? { path, size, byOwner, bytes: Buffer.alloc(0) };
    if (before === undefined) this.dropped.push(drop);
    if (fresh) drop.bytes = Buffer.alloc(0);
    this.endDrop = gone;
    return {
      get bytes() {
        return drop.bytes.length;
      },
      write: async (piece: Uint8Array) => {
        if (this.trouble !== undefined) throw this.trouble;
        drop.bytes = Buffer.concat([drop.bytes, piece]);
      },
      whole: async () => ({ path: drop.path, fileId: 'f'.repeat(64) as FileId }),
      leave: () => void this.left++,
    };
  }

  left = 0;
  endDrop: () => void = () => {};

  readonly digests = new Map<FileId, ContentDigest>();
  /** Peers that have every file. */
  holders: Address[] = [];
  /** Files that only other peers have. */
  readonly away = new Map<string, Buffer>();
  /** Opened files by client, and the number of closed ones. */
  readonly opened: string[] = [];
  closed = 0;

  readonly network = {
    holders: async () => this.holders,
    open: async (what: string, host: string) => {
      this.opened.push(`${what} for ${host}`);
      if (this.trouble !== undefined) throw this.trouble;
      const found = [...this.away, ...this.contents].find(([path]) => [path, idOf(path)].includes(what));
      if (found === undefined) throw new ShoalError('NOT_FOUND', `nobody shares "${what}" now`);
      const [path, bytes] = found;
      return {
        fileId: idOf(path),
        path,
        size: bytes.length,
        modifiedMs: undefined,
        send: async (
          { from, to }: { from: number; to: number },
          sink: { write(bytes: Uint8Array): Promise<void> },
        ) => {
          this.sends++;
          await this.beforeSend({});
          if (this.trouble !== undefined) throw this.trouble;
          await sink.write(bytes.subarray(from, to));
        },
        close: () => {
          this.closed++;
        },
      };
    },
  };

  async run(command: WebCommand) {
    this.commands.push(command);
    await this.beforeRun();
    return this.answer;
  }

  knowsPeer = (_text: string) => false;

  facts(): WebFacts {
    const health = {
      violations: 3,
      refusedConnections: 0,
      evictedConnections: 0,
      failedHandshakes: 0,
      foreignConnections: 0,
      overLimit: 0,
      droppedDatagrams: 0,
      descriptors: { used: undefined, allowed: 1_024 },
      addresses: [],
      lanes: { receiving: 1, sending: 2 },
    };
    const share: ShareStatus = {
      folder: '/secret/folder',
      files: 7,
      bytes: 70,
      version: 1,
      hashing: { files: 0, bytes: 0, bytesPerSecond: 0, waiting: 0 },
      scanned: true,
      problems: [],
      notShared: [],
      ignored: [],
      mode: 'watching',
      readOnly: false,
    };
    const counts = { peers: 2, links: 1, trackers: 1, uploads: 0 };
    return { sent: 123, received: 456, ...counts, downloads: this.running, share, health };
  }

  onNews(listener: (news: { kind: string; text: string }) => void) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(text: string): void {
    for (const listener of this.#listeners) listener({ kind: 'warning', text });
  }

  #entry(path: string): CatalogEntry | undefined {
    const bytes = this.contents.get(path);
    if (bytes === undefined) return undefined;
    return { path, fileId: idOf(path), size: bytes.length, modifiedMs: Date.UTC(2026, 0, 2, 3, 4, 5) };
  }
}

/** The digest of a file of one piece. */
export function digestOf(bytes: Buffer): ContentDigest {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { sha256, pieceBytes: 1_048_576, pieces: bytes.length === 0 ? [] : [sha256] };
}

/** The id of the fake content with a path. */
export function idOf(path: string): FileId {
  return Buffer.from(path).toString('hex').padEnd(64, '0').slice(0, 64) as FileId;
}

/** The web of a peer on a loopback port. @param secure - key and certificate: over HTTPS */
export async function webOn(
  host = new FakeWebHost(),
  options: Partial<WebOptions> = {},
  secure?: { key: string; cert: string },
) {
  const warnings: string[] = [];
  let secrets = 0;
  const links = new ShareLinks({
    store: { load: async () => undefined, save: async () => {} },
    wallMs: Date.now,
    newSecret: () => `secret-of-a-test-number-${++secrets}`,
  });
  const web = new WebServer({
    host,
    level: 'drop',
    clock: systemClock,
    log: { debug: () => {}, info: () => {}, warn: (text) => void warnings.push(text) },
    token: TOKEN,
    codes: { redeem: (code) => code === 'fresh-code' },
    newSecret: () => `secret-of-a-test-number-${++secrets}`,
    passwords: { version: async () => undefined, verify: async () => false },
    identity: async () => ({ key: '', cert: '' }),
    links,
    isPrivate: false,
    hostNames: ['studio.local'],
    pageDir: '/nonexistent',
    ...options,
  });
  const wrap = secure === undefined ? (socket: Duplex) => socket : secureSockets(secure);
  const server = createServer((socket) => web.connection(wrap(socket), () => {}));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    web.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { host, port, base: `http://127.0.0.1:${port}`, warnings, links };
}

export const OWNER = { Authorization: `Bearer ${TOKEN}` };
export const JSON_TYPE = { 'Content-Type': 'application/json' };
