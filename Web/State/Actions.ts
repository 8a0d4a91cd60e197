import { change } from '../Api/Client.ts';
import type { SharedFile } from '../Api/Items.ts';
import { nameOf } from '../Parts/FileKind.ts';
import { t } from '../Text/Language.ts';
import { pathPart } from './Address.ts';
import { session, status } from './Live.ts';
import { attempt } from './Notes.ts';

/** A file with the facts that decide where its bytes are. */
export type Reachable = Pick<SharedFile, 'id' | 'path'> & { readonly here?: boolean };

export function startDownload(what: string, peer?: string): Promise<boolean> {
  const body = peer === undefined ? { what } : { what, peer };
  return attempt(() => change('POST', '/downloads', body), t('download.started'));
}

/** Address of the bytes on this peer: of its share, or of the network through it. */
export function contentAddress({ id, path, here }: Reachable): string {
  return here === true ? `/files/${pathPart(path)}` : `/network/${id}/${encodeURIComponent(nameOf(path))}`;
}

/** The same for another device: `localhost` means another computer there. */
export function outsideAddress(file: Reachable): string {
  const { hostname, port, origin } = location;
  const isLoopback = /^(localhost|127\..*|\[::1\])$/.test(hostname);
  const host = status.value?.host ?? session.value?.name;
  if (!isLoopback || host === undefined) return origin + contentAddress(file);
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${contentAddress(file)}`;
}
