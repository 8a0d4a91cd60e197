import type { IncomingMessage, ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { onAbort } from '../../../Shared/Async/OnAbort.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import { envelopeJson } from '../../../Shared/Text/Envelope.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { OpenDrop } from '../../ShareModel.ts';
import type { Denial } from '../Access/Guard.ts';
import type { GuestLimits } from '../Access/GuestLimits.ts';
import type { Owner } from '../Access/Owner.ts';
import { denialJson, failureJson, guestFailure, statusOf } from '../Api/Envelope.ts';
import { goneOf, remoteOf, withoutIdleLimit } from '../Files/ClientSocket.ts';
import { linkTo } from '../Files/Listing.ts';
import type { WebEnv, WebOptions } from '../Ports.ts';
import { type DropRange, dropPath, dropRange, dropTime } from './DropRequest.ts';
import { answerUnread } from './UnreadBody.ts';

/** `PUT` and `POST /drop/<path>`: a file for this peer, from a phone, a browser or curl. */
export class DropApp {
  readonly app = new Hono<WebEnv>();
  readonly #options: WebOptions;
  readonly #limits: GuestLimits;
  readonly #owner: Owner;

  constructor(options: WebOptions, limits: GuestLimits, owner: Owner) {
    this.#options = options;
    this.#limits = limits;
    this.#owner = owner;
    this.app.on(['PUT', 'POST'], '/*', async (c) => {
      const { incoming, outgoing } = c.env;
      await this.#answer(c.req.path, incoming, outgoing);
      return RESPONSE_ALREADY_SENT;
    });
  }

  async #answer(address: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const byOwner = await this.#owner.is(incoming);
    const path = dropPath(address);
    const range = dropRange({
      length: incoming.headers['content-length'],
      range: incoming.headers['content-range'],
      type: incoming.headers['content-type'],
    });
    const denial = this.#denial(incoming, byOwner) ?? denialIn(path) ?? denialIn(range);
    if (denial !== undefined || typeof path !== 'string' || 'status' in range) {
      return this.#refuse(incoming, outgoing, denial?.status ?? 400, denial && denialJson(denial));
    }
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort());
    onAbort(goneOf(incoming), () => gone.abort());
    try {
      const drop = await withoutIdleLimit(incoming, this.#open(path, range, incoming, byOwner, gone.signal));
      gone.signal.addEventListener('abort', () => drop.leave());
      if (gone.signal.aborted) return drop.leave();
      await this.#receive(drop, range, incoming, outgoing);
    } catch (failure) {
      if (gone.signal.aborted) return;
      const error = asShoalError(failure, 'DISK_FAILED');
      if (error.code === 'BUSY') outgoing.setHeader('Retry-After', '10');
      await this.#refuse(
        incoming,
        outgoing,
        statusOf(error),
        failureOf(byOwner ? error : guestFailure(error)),
      );
    }
  }

  #denial(incoming: IncomingMessage, byOwner: boolean): Denial | undefined {
    const { host, level } = this.#options;
    if (level !== 'drop') {
      return {
        status: 403,
        message: 'this peer takes no files over HTTP',
        hint: 'Its owner can start it with --http drop.',
      };
    }
    if (byOwner || this.#limits.allows(incoming)) return undefined;
    return { status: 429, message: `too many requests to ${host.name}`, hint: 'Wait a second.' };
  }

  #open(
    path: string,
    { size, fresh }: DropRange,
    incoming: IncomingMessage,
    byOwner: boolean,
    signal: AbortSignal,
  ): Promise<OpenDrop> {
    const modified = incoming.headers['last-modified'];
    const modifiedMs = dropTime(modified);
    const attributes = modifiedMs === undefined ? {} : { modifiedMs };
    const request = {
      client: remoteOf(incoming),
      path,
      size,
      attributes,
      key: modified ?? '',
      byOwner,
      fresh,
    };
    return this.#options.host.drops.open(request, () => incoming.socket.destroySoon(), signal);
  }

  async #receive(
    drop: OpenDrop,
    { size, from }: DropRange,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<void> {
    if (from !== undefined && from !== drop.bytes) {
      const error = new ShoalError('LOCAL_CONFLICT', `${drop.bytes} bytes are here, not ${from}`, {
        hint: `Send Content-Range: bytes ${drop.bytes}-…/${size}`,
      });
      outgoing.setHeader('Upload-Offset', drop.bytes);
      return this.#refuse(incoming, outgoing, 409, failureOf(error));
    }
    if (from !== undefined) {
      if (incoming.headers.expect !== undefined) outgoing.writeContinue();
      // The body is read as fast as it can be stored.
      for await (const piece of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
        await withoutIdleLimit(incoming, drop.write(piece));
    }
    if (drop.bytes < size) {
      outgoing.setHeader('Upload-Offset', drop.bytes);
      if (drop.bytes > 0) outgoing.setHeader('Range', `bytes=0-${drop.bytes - 1}`);
      return send(outgoing, 308, envelopeJson('drop', { bytes: drop.bytes, size }));
    }
    const { path, fileId } = await withoutIdleLimit(incoming, drop.whole());
    outgoing.setHeader('Location', `/files/${path.split('/').map(linkTo).join('/')}`);
    const items = [{ id: fileId, path: safeText(path), size }];
    send(outgoing, 201, envelopeJson('drop', { items }));
  }

  async #refuse(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    status: number,
    json = '',
  ): Promise<void> {
    outgoing.writeHead(status, {
      ...JSON_HEADERS,
      Connection: 'close',
      'Content-Length': Buffer.byteLength(json) + 1,
    });
    await answerUnread(incoming, outgoing, `${json}\n`, this.#options.clock);
  }
}

const JSON_HEADERS = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };

function send(outgoing: ServerResponse, status: number, json: string): void {
  outgoing.writeHead(status, { ...JSON_HEADERS, 'Content-Length': Buffer.byteLength(json) + 1 });
  outgoing.end(`${json}\n`);
}

function failureOf({ code, message, hint }: ShoalError): string {
  return failureJson('drop', code, message, hint ?? '');
}

function denialIn(read: string | DropRange | Denial): Denial | undefined {
  return typeof read === 'object' && 'status' in read ? read : undefined;
}
