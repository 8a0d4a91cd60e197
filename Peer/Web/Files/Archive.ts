import type { ServerResponse } from 'node:http';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { create as contentDisposition } from 'content-disposition';
import { pack } from 'tar-stream';
import { ZipFile } from 'yazl';
import { safeText } from '../../../Shared/SafeText.ts';
import type { CatalogEntry } from '../../Model.ts';
import type { WebFiles } from '../Ports.ts';
import { remoteOf, withoutIdleLimit } from './ClientSocket.ts';

/** Files of one archive; a larger folder is to be downloaded in parts. */
const FILES_MAX = 100_000;
const MODE = 0o644;
const MODE_EXECUTABLE = 0o755;

/** Streams a folder as an archive without compression and without a temporary file. A failure ends the connection. */
export async function sendArchive(
  format: 'zip' | 'tar',
  folder: string,
  entries: readonly CatalogEntry[],
  response: ServerResponse,
  files: WebFiles,
): Promise<void> {
  const name = safeText(`${folder.split('/').at(-1) ?? 'files'}.${format}`);
  if (entries.length > FILES_MAX) {
    response.writeHead(413, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`413: the folder has more than ${FILES_MAX} files; take its folders one by one\n`);
    return;
  }
  response.writeHead(200, {
    'Content-Type': format === 'zip' ? 'application/zip' : 'application/x-tar',
    'Content-Disposition': contentDisposition(name),
    'Cache-Control': 'no-cache',
  });
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const content = (entry: CatalogEntry) => contentOf(entry, response, files, gone.signal);
  const archive = format === 'zip' ? zipOf(entries, content) : tarOf(entries, content);
  await withoutIdleLimit(
    response.req,
    new Promise<void>((resolve) => pipeline(archive, response, () => resolve())),
  );
}

type ContentOf = (entry: CatalogEntry) => Readable;

function zipOf(entries: readonly CatalogEntry[], content: ContentOf): Readable {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  zip.on('error', (failure) => output.destroy(failure as Error));
  for (const entry of entries) {
    const mode = entry.executable === true ? MODE_EXECUTABLE : MODE;
    zip.addReadStreamLazy(
      entry.path.replaceAll('\\', '_'), // Zip knows one separator.
      { size: entry.size, compress: false, mode, mtime: dateOf(entry) },
      (given) => given(null, content(entry)),
    );
  }
  zip.end();
  return output;
}

function tarOf(entries: readonly CatalogEntry[], content: ContentOf): Readable {
  const tar = pack();
  const next = (index: number) => {
    const entry = entries[index];
    if (entry === undefined) return tar.finalize();
    const mode = entry.executable === true ? MODE_EXECUTABLE : MODE;
    const header = { name: entry.path, size: entry.size, mode, mtime: dateOf(entry) };
    const file = tar.entry(header, (failure) => (failure ? tar.destroy(failure) : next(index + 1)));
    pipeline(content(entry), file, (failure) => {
      if (failure) tar.destroy(failure);
    });
  };
  next(0);
  return tar as unknown as Readable;
}

/** The bytes of a file, read as they are needed. */
function contentOf(
  entry: CatalogEntry,
  response: ServerResponse,
  files: WebFiles,
  signal: AbortSignal,
): Readable {
  const stream = new PassThrough();
  const write = (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      // The memory is used again, while the archive still holds it.
      stream.write(Buffer.from(bytes), (failure) => (failure ? reject(failure) : resolve()));
    });
  const range = { from: 0, to: entry.size };
  files.send(entry.fileId, range, { remote: remoteOf(response.req), write }, signal).then(
    () => stream.end(),
    (failure: Error) => stream.destroy(failure),
  );
  return stream;
}

function dateOf({ modifiedMs }: CatalogEntry): Date {
  const date = new Date(modifiedMs);
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}
