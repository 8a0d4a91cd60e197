import { change } from '../Api/Client.ts';
import type { Holder, SharedFile } from '../Api/Items.ts';
import { nameOf } from '../Parts/FileKind.ts';
import { t } from '../Text/Language.ts';
import { pathPart } from './Address.ts';
import { session, status } from './Live.ts';
import { attempt } from './Notes.ts';

/** A file with the facts that decide where its bytes are. */
export type Reachable = Pick<SharedFile, 'id' | 'path'> & {
  readonly here?: boolean;
  readonly sources?: readonly Holder[];
};

export function startDownload(what: string, peer?: string): Promise<boolean> {
  const body = peer === undefined ? { what } : { what, peer };
  return attempt(() => change('POST', '/downloads', body), t('download.started'));
}

/** Whether this peer has an address for files of the network, or for files that are sent to it. */
export function serves(what: 'network' | 'drop'): boolean {
  return session.value?.serves?.includes(what) === true;
}

/** Address of the bytes on this peer: of its share, or of the network through it. Undefined: it serves them not. */
export function contentAddress({ id, path, here }: Reachable): string | undefined {
  if (here === true) return `/files/${pathPart(path)}`;
  return serves('network') ? `/network/${id}/${encodeURIComponent(nameOf(path))}` : undefined;
}

/** Address to save the bytes from: this peer, else a source that has all of them. */
export function savingAddress(file: Reachable): string | undefined {
  const source = file.sources?.find(({ complete }) => complete);
  if (source === undefined) return contentAddress(file);
  return (
    contentAddress(file) ?? `http://${bracketed(source.host)}:${source.port}/files/${pathPart(file.path)}`
  );
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** The same for another device: `localhost` means another computer there. */
export function outsideAddress(file: Reachable): string | undefined {
  const address = contentAddress(file);
  if (address === undefined) return savingAddress(file);
  const { hostname, port, origin } = location;
  const isLoopback = /^(localhost|127\..*|\[::1\])$/.test(hostname);
  const host = status.value?.host ?? session.value?.name;
  if (!isLoopback || host === undefined) return origin + address;
  return `http://${bracketed(host)}:${port}${address}`;
}
