import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import type { CatalogEntry } from '../../../../Peer/Model.ts';
import { sendArchive } from '../../../../Peer/Web/Files/Archive.ts';
import type { WebFiles } from '../../../../Peer/Web/Ports.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';

test.each([
  [100_000, [200, undefined]],
  [100_001, [413, expect.stringContaining('more than 100000 files')]],
])('an archive of %i files', async (count, answer) => {
  const entry: CatalogEntry = { path: 'd/a', fileId: 'a'.repeat(64) as FileId, size: 1, modifiedMs: 0 };
  const seen: unknown[] = [];
  const response = {
    // The headers only.
    req: { method: 'HEAD' },
    writeHead: (status: number) => seen.push(status),
    end: (text?: string) => seen.push(text),
  };
  const entries = Array.from({ length: count }, () => entry);
  await sendArchive('zip', 'd', entries, response as unknown as ServerResponse, {} as WebFiles);
  expect(seen).toEqual(answer);
});
