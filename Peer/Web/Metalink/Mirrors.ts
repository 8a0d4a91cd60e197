import * as v from 'valibot';
import type { FileId } from '../../../Protocol/Ids.ts';
import { BoundedMap } from '../../../Shared/BoundedMap.ts';
import { type Address, formatAddress, isLoopback, withoutZone } from '../../../Shared/Network/Address.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { HostRates } from '../../../Shared/Time/HostRates.ts';
import type { ContentDigest } from '../../ContentModel.ts';
import type { HttpGet } from './HttpGet.ts';

/** Peers that are asked whether they serve a file over HTTP. */
const ASKED_MAX = 16;
/** A peer loads its server for the first request, which takes a second on a busy machine. */
const ANSWER_MS = 4_000;
/** Peers that are asked for the SHA-256 of a file, and the time that hashing may take there. */
const DIGESTS_MAX = 3;
const DIGEST_MS = 30_000;
const DIGEST_BYTES_MAX = 2 * 2 ** 20;
/** Answers are valid this long, or that long where a peer did not answer; the oldest is evicted. */
const VALID_MS = 60_000;
const SILENT_MS = 5_000;
const KEPT_MAX = 256;
const HOSTS_MAX = 1_024;
/** Questions to a host that serves nothing (loopback exempt): a holder may be a lie, and its host the victim. */
const IN_VAIN = { perHost: { burst: 8, perSecond: 8 / 120 }, hostsMax: HOSTS_MAX };

export interface MirrorsOptions {
  readonly get: HttpGet;
  readonly clock: Clock;
}

interface Known {
  readonly untilMs: number;
  readonly mirrors: readonly Address[];
}

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const digestSchema = v.object({
  sha256: hash,
  pieceBytes: v.pipe(v.number(), v.integer(), v.minValue(1)),
  pieces: v.pipe(v.array(hash), v.maxLength(16_384)),
});

/** Other peers that serve a content over HTTP. */
export class Mirrors {
  readonly #options: MirrorsOptions;
  readonly #known = new BoundedMap<FileId, Known>(KEPT_MAX);
  readonly #inVain = new HostRates(IN_VAIN);

  constructor(options: MirrorsOptions) {
    this.#options = options;
  }

  /** Peers that answered within the last minute. */
  known(fileId: FileId): readonly Address[] | undefined {
    const known = this.#known.get(fileId);
    return known !== undefined && this.#options.clock.nowMs() < known.untilMs ? known.mirrors : undefined;
  }

  /** Asks holders of a content which of them serve it over HTTP. */
  async find(fileId: FileId, holders: readonly Address[]): Promise<readonly Address[]> {
    const before = this.known(fileId);
    if (before !== undefined) return before;
    const asked = await Promise.all(
      holders.slice(0, ASKED_MAX).map(async (holder) => {
        const mayAsk =
          isLoopback(holder.host) || this.#inVain.allows(holder.host, this.#options.clock.nowMs());
        if (!mayAsk) return { holder, reply: undefined };
        const url = mirrorUrl(holder, fileId);
        const reply = await this.#options.get({ url, method: 'HEAD', bytesMax: 0, timeoutMs: ANSWER_MS });
        return { holder, reply };
      }),
    );
    const serves = asked.filter(({ reply }) => reply?.status === 200 && reply.etag === `"${fileId}"`);
    const mirrors = serves.map(({ holder }) => holder);
    for (const { host } of mirrors) this.#inVain.clear(host);
    const validMs = asked.every(({ reply }) => reply !== undefined) ? VALID_MS : SILENT_MS;
    this.#known.set(fileId, { untilMs: this.#options.clock.nowMs() + validMs, mirrors });
    return mirrors;
  }

  /** The digest that all of some mirrors claim; undefined: none answered, or they disagree. */
  async digest(
    fileId: FileId,
    size: number,
    mirrors: readonly Address[],
  ): Promise<ContentDigest | undefined> {
    const claims = await Promise.all(
      mirrors.slice(0, DIGESTS_MAX).map(async (mirror) => {
        const url = `${mirrorUrl(mirror, fileId)}?sha256`;
        const reply = await this.#options.get({
          url,
          method: 'GET',
          bytesMax: DIGEST_BYTES_MAX,
          timeoutMs: DIGEST_MS,
        });
        return reply?.status === 200 ? readDigest(reply.body, size) : undefined;
      }),
    );
    const digests = claims.filter((claim) => claim !== undefined);
    const [first] = digests;
    return digests.every((other) => JSON.stringify(other) === JSON.stringify(first)) ? first : undefined;
  }
}

/** Address of a content at a peer that shares it. @param name - at its end, for programs that name files by it */
export function mirrorUrl({ host, port }: Address, fileId: FileId, name?: string): string {
  const end = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `http://${formatAddress({ host: withoutZone(host), port })}/by-id/${fileId}${end}`;
}

/** The address of a peer for a client: peers on this computer have another one there than here. */
export function addressFor(client: string, ownHost: string, { host, port }: Address): Address {
  return isLoopback(host) && !isLoopback(client) ? { host: ownHost, port } : { host, port };
}

function readDigest(body: Buffer, size: number): ContentDigest | undefined {
  try {
    const digest = v.parse(digestSchema, JSON.parse(body.toString()));
    return digest.pieces.length === Math.ceil(size / digest.pieceBytes) ? digest : undefined;
  } catch {
    return undefined;
  }
}
