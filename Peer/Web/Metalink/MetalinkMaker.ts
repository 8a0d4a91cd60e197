import type { FileId } from '../../../Protocol/Ids.ts';
import { type Address, parseHostPort } from '../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { ContentDigest } from '../../ContentModel.ts';
import type { WebOptions } from '../Ports.ts';
import { httpGet } from './HttpGet.ts';
import { METALINK_TYPE, metalinkXml, reprDigest } from './Metalink.ts';
import { addressFor, Mirrors, mirrorUrl } from './Mirrors.ts';

/** Documents that are made at once: each asks other peers. */
const MAKING_MAX = 8;
/** Peers named in the headers of one answer. */
const LINKS_MAX = 8;

/** The request that asks for a document. */
export interface MetalinkRequest {
  readonly client: Address;
  /** Header `Host`. */
  readonly host: string;
}

/** Makes Metalink documents, and the headers that lead to them (RFC 6249, RFC 9530). */
export class MetalinkMaker {
  readonly #options: WebOptions;
  readonly #mirrors: Mirrors;
  #making = 0;

  constructor(options: WebOptions) {
    this.#options = options;
    this.#mirrors = new Mirrors({ get: httpGet, ...options });
  }

  /**
   * A document with every peer that serves the content over HTTP, and its SHA-256. Without a SHA-256, it names this
   * peer alone, which verifies what it sends.
   * @throws ShoalError as WebNetwork.open
   */
  async document(fileId: FileId, { client, host }: MetalinkRequest, signal: AbortSignal): Promise<string> {
    if (this.#making >= MAKING_MAX)
      throw new ShoalError('BUSY', 'too many Metalinks are being made', {
        hint: 'Try again in a few seconds.',
      });
    this.#making++;
    try {
      const { network, files } = this.#options.host;
      const file = await network.open(fileId, client.host, signal);
      file.close();
      const name = file.path.split('/').at(-1) ?? '';
      const mirrors = await this.#mirrors.find(fileId, await network.holders(fileId, signal));
      const isHere = files.findId(fileId) !== undefined;
      const digest = await this.#digest(fileId, file.size, isHere ? undefined : mirrors, signal);
      const here = `http://${host}/${isHere ? 'by-id' : 'network'}/${fileId}/${encodeURIComponent(name)}`;
      const others = mirrors.map((mirror) =>
        mirrorUrl(addressFor(client.host, parseHostPort(host, 80).host, mirror), fileId, name),
      );
      // Bytes of a mirror are not verified without a digest.
      const urls = digest === undefined ? [here] : isHere || others.length === 0 ? [here, ...others] : others;
      return metalinkXml({ ...file, digest, urls });
    } finally {
      this.#making--;
    }
  }

  /** Headers of an answer with a content: its document, its SHA-256, and other peers that have it, as far as known. */
  headers(fileId: FileId, { client, host }: MetalinkRequest): Readonly<Record<string, string>> {
    const digest = this.#options.host.files.knownDigest(fileId);
    const ownHost = parseHostPort(host, 80).host;
    const duplicates = (this.#mirrors.known(fileId) ?? []).slice(0, LINKS_MAX).map((mirror) => {
      return `<${mirrorUrl(addressFor(client.host, ownHost, mirror), fileId)}>; rel=duplicate`;
    });
    return {
      Link: [`</network/${fileId}.meta4>; rel=describedby; type="${METALINK_TYPE}"`, ...duplicates].join(
        ', ',
      ),
      ...(digest === undefined ? {} : { 'Repr-Digest': reprDigest(digest) }),
    };
  }

  /** @param mirrors - undefined: the file is here */
  async #digest(
    fileId: FileId,
    size: number,
    mirrors: readonly Address[] | undefined,
    signal: AbortSignal,
  ): Promise<ContentDigest | undefined> {
    if (mirrors !== undefined) return this.#mirrors.digest(fileId, size, mirrors);
    try {
      return await this.#options.host.files.digest(fileId, signal);
    } catch (failure) {
      // Too large, or it changed meanwhile: this peer alone is named.
      if (failure instanceof ShoalError && failure.code !== 'CANCELLED') return undefined;
      throw failure;
    }
  }
}
