import { toUSVString } from 'node:util';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { ContentDigest } from '../../ContentModel.ts';

/** One content and the addresses that it can be fetched from. */
export interface MetalinkFile {
  /** Any path: its last name is the name of the file. */
  readonly path: string;
  readonly size: number;
  /** Undefined: unknown. */
  readonly digest: ContentDigest | undefined;
  /** None is preferred: programs fetch from all of them. */
  readonly urls: readonly string[];
}

export const METALINK_TYPE = 'application/metalink4+xml';

/** A Metalink document (RFC 5854) of one file. */
export function metalinkXml({ path, size, digest, urls }: MetalinkFile): string {
  const hashes =
    digest === undefined
      ? []
      : [
          `    <hash type="sha-256">${digest.sha256}</hash>`,
          ...(digest.pieces.length === 0
            ? []
            : [
                `    <pieces length="${digest.pieceBytes}" type="sha-256">`,
                ...digest.pieces.map((hash) => `      <hash>${hash}</hash>`),
                '    </pieces>',
              ]),
        ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<metalink xmlns="urn:ietf:params:xml:ns:metalink">',
    '  <generator>Shoal</generator>',
    `  <file name="${escaped(fileName(path))}">`,
    `    <size>${size}</size>`,
    ...hashes,
    ...urls.map((url) => `    <url priority="1">${escaped(url)}</url>`),
    '  </file>',
    '</metalink>',
    '',
  ].join('\n');
}

/** `Repr-Digest` (RFC 9530) of a content. */
export function reprDigest({ sha256 }: ContentDigest): string {
  return `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;
}

/** The last name of a path, without characters that no XML document can hold. */
function fileName(path: string): string {
  const name = safeText(toUSVString(path.split(/[/\\]/).at(-1) ?? '')).replace(/[\ufffe\uffff]/g, '\ufffd');
  return ['', '.', '..'].includes(name) ? 'file' : name;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}
