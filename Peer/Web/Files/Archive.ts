import type { ServerResponse } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { create as contentDisposition } from 'content-disposition';
import { pack } from 'tar-stream';
import { ZipFile } from 'yazl';
import { unlessAborted } from '../../../Shared/Async/OnAbort.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { CatalogEntry } from '../../Model.ts';
import type { WebFiles } from '../Ports.ts';
import { goneOf, remoteOf, withoutIdleLimit } from './ClientSocket.ts';

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
  const gone = goneOf(response.req);
  // An archive that is cut off must not pass for a whole one.
  const failed = () => void response.destroy();
  const content = (entry: CatalogEntry) => contentOf(entry, response, files, gone).on('error', failed);
  const archive = format === 'zip' ? zipOf(entries, content, failed) : tarOf(entries, content, failed);
  archive.on('error', failed).pipe(response);
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  await withoutIdleLimit(
    response.req,
    unlessAborted(closed, gone).catch(() => {}),
  );
  archive.destroy();
}

type ContentOf = (entry: CatalogEntry) => Readable;

function zipOf(entries: readonly CatalogEntry[], content: ContentOf, failed: () => void): Readable {
  const zip = new ZipFile();
  zip.on('error', failed);
  for (const entry of entries) {
    const mode = entry.executable === true ? MODE_EXECUTABLE : MODE;
    zip.addReadStreamLazy(
      entry.path.replaceAll('\\', '_').replace(/^([a-z]):/i, '$1_'), // Zip knows one separator, and no drives.
      { size: entry.size, compress: false, mode, mtime: dateOf(entry) },
      (given) => given(null, content(entry)),
    );
  }
  zip.end();
  return zip.outputStream as Readable;
}

function tarOf(entries: readonly CatalogEntry[], content: ContentOf, failed: () => void): Readable {
  const tar = pack();
  const next = (index: number) => {
    const entry = entries[index];
    if (entry === undefined) return tar.finalize();
    const mode = entry.executable === true ? MODE_EXECUTABLE : MODE;
    const header = { name: entry.path, size: entry.size, mode, mtime: dateOf(entry) };
    const file = tar.entry(header, (failure) => (failure ? failed() : next(index + 1)));
    content(entry).pipe(file.on('error', failed));
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
  const write = (bytes: Uint8Array) => {
    const written = new Promise<void>((resolve, reject) => {
      // The memory is used again, while the archive still holds it.
      stream.write(Buffer.from(bytes), (failure) => (failure ? reject(failure) : resolve()));
    });
    // An archive that is given up reads no further, and reports nothing as written.
    return unlessAborted(written, signal);
  };
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
