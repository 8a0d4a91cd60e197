import type { InstanceId } from '../../Protocol/Ids.ts';
import type { RequestOf } from '../../Protocol/TrackerMessages.ts';
import { fileIdOf, nameOf } from './Names.ts';

/** Run of all peers of the benches. */
export const INSTANCE = '0000000000000001' as InstanceId;
const ENTRIES_PER_PAGE = 12;

type Identity = 'peerId' | 'instanceId' | 'token';

/** The heartbeat of a peer that shares `names` files; 0: no catalog yet. */
export function beatOf(peer: number, names: number): Omit<RequestOf<'heartbeat'>, Identity> {
  return {
    type: 'heartbeat',
    port: 9_000 + (peer % 1_000),
    name: `peer ${peer}`,
    catalogVersion: names > 0 ? 1 : 0,
    files: names,
    bytes: names * 1_000_000,
    uploads: 0,
    queryToken: '0011223344556677',
    unlisted: false,
  };
}

/** The pages of its catalog. */
export function pagesOf(peer: number, names: number): readonly Omit<RequestOf<'publish'>, Identity>[] {
  const pages = Math.ceil(names / ENTRIES_PER_PAGE);
  return Array.from({ length: pages }, (_, page) => {
    const first = page * ENTRIES_PER_PAGE;
    const entries = Array.from({ length: Math.min(ENTRIES_PER_PAGE, names - first) }, (_each, at) => {
      const path = nameOf(peer, first + at);
      return { kind: 'file', path, size: 1_000_000, fileId: fileIdOf(path) } as const;
    });
    return { type: 'publish', version: 1, base: 0, page, pages, entries };
  });
}
