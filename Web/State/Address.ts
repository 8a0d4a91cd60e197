import { computed, signal } from '@preact/signals';

/** The place that an address names. Every one can be kept and passed on. */
export type Place =
  | { readonly page: 'files' }
  | { readonly page: 'downloads' }
  | { readonly page: 'swarm'; readonly what: string }
  | { readonly page: 'peers' }
  | { readonly page: 'peer'; readonly peer: string; readonly folder: string }
  | { readonly page: 'share'; readonly folder: string }
  | { readonly page: 'doctor' }
  | { readonly page: 'login' };

/** Reads the part after `#`. An unknown one is the first page. */
export function placeOf(hash: string): Place {
  const [page = '', ...rest] = hash.replace(/^#\/?/, '').replace(/\?.*$/, '').split('/').map(decoded);
  const [first = ''] = rest;
  if (page === 'swarm' && first !== '') return { page, what: rest.join('/') };
  if (page === 'peer' && first !== '')
    return { page, peer: first, folder: rest.slice(1).filter(Boolean).join('/') };
  if (page === 'share') return { page, folder: rest.filter(Boolean).join('/') };
  if (page === 'downloads' || page === 'peers' || page === 'doctor' || page === 'login') return { page };
  return { page: 'files' };
}

/** The file whose details stand above the page, by its id. */
export function fileOf(hash: string): string | undefined {
  return /\?file=([0-9a-f]{8,64})$/.exec(hash)?.[1];
}

/** The address of a folder of the own share. */
export function shareHash(folder: string): string {
  return folder === '' ? '#/share' : `#/share/${pathPart(folder)}`;
}

export function swarmHash(what: string): string {
  return `#/swarm/${pathPart(what)}`;
}

/** Text that names a peer for users and for the API: its name, else its address. */
export function peerName(peer: {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}): string {
  return peer.name === '' ? hostPort(peer) : peer.name;
}

/** Address of a peer with its port; that of IPv6 in brackets. */
export function hostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Address of a peer's folder. A slash in the name of a peer stays part of its name. */
export function peerHash(peer: string, folder = ''): string {
  return `#/peer/${encodeURIComponent(peer)}${folder === '' ? '' : `/${pathPart(folder)}`}`;
}

/** A path within an address: each name is escaped, the slashes stay. */
export function pathPart(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const hash = signal('');
export const query = signal('');
export const place = computed(() => placeOf(hash.value));
export const openFile = computed(() => fileOf(hash.value));
/** The address below the details of a file. */
const below = computed(() => hash.value.replace(/\?file=[0-9a-f]+$/, '') || '#/');

/** The address of the details of a file, above the page that is open. */
export function fileHash(id: string): string {
  return `${below.value}?file=${id}`;
}

export function closeFile(): void {
  goTo(below.value);
}

/** Follows the address bar. */
export function followAddress(): void {
  const readAddress = () => {
    hash.value = location.hash;
    query.value = new URLSearchParams(location.search).get('q') ?? '';
  };
  addEventListener('hashchange', readAddress);
  addEventListener('popstate', readAddress);
  readAddress();
}

/** Puts the words of a search into the address, without an entry of the history for every key. */
export function keepQuery(words: string): void {
  query.value = words;
  const search = words === '' ? '' : `?${new URLSearchParams({ q: words })}`;
  history.replaceState(null, '', `${location.pathname}${search}${location.hash}`);
}

function goTo(to: string): void {
  location.hash = to;
}
