import { pathPart } from '../State/Address.ts';
import { ApiError } from './Client.ts';
import { type PartAnswer, sendResumably } from './Resumable.ts';
import { secret } from './Secret.ts';

/** A file to send, with its path below the folder that was dropped. */
export interface Dropped {
  readonly path: string;
  readonly file: File;
}

/** Upper bound on the files of one drop. */
export const DROPPED_MAX = 10_000;

/** Progress of a file that is sent. */
export interface DropProgress {
  /** Bytes sent. */
  sent(bytes: number): void;
  /** The connection is lost, or the peer is busy. */
  trouble(): void;
}

/** Sends a file into the share of this peer. @param asksFirst - its owner has to agree. @throws ApiError */
export function sendFile(
  { path, file }: Dropped,
  { sent, trouble }: DropProgress,
  asksFirst: boolean,
  signal: AbortSignal,
): Promise<void> {
  const send = (from: number | undefined) => {
    // Without a byte to send, the whole file is sent.
    const start = file.size === 0 && from !== undefined ? 'whole' : from;
    return sendPart({ path, file, start, sent, signal });
  };
  return sendResumably({ send, wait: (ms) => pause(ms, signal), asksFirst, onTrouble: trouble });
}

interface Part extends Dropped {
  /** First byte; `whole`: no range; undefined: no byte. */
  readonly start: number | 'whole' | undefined;
  readonly sent: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** `fetch` reports no progress of a request's body, so this is XMLHttpRequest. */
function sendPart({ path, file, start, sent, signal }: Part): Promise<PartAnswer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancelled());
    const request = new XMLHttpRequest();
    request.open('PUT', `/drop/${pathPart(path)}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.setRequestHeader('Last-Modified', new Date(file.lastModified).toUTCString());
    if (start !== 'whole') request.setRequestHeader('Content-Range', rangeOf(start, file.size));
    if (secret() !== undefined) request.setRequestHeader('Authorization', `Bearer ${secret()}`);
    const first = typeof start === 'number' ? start : 0;
    request.upload.onprogress = ({ loaded }) => sent(first + loaded);
    request.onload = () => {
      const offset = request.getResponseHeader('Upload-Offset');
      const { status } = request;
      resolve({ status, offset: offset === null ? undefined : Number(offset), error: refusal(request) });
    };
    request.onerror = () => reject(new ApiError('UNREACHABLE', 'the peer does not answer'));
    request.onabort = () => reject(cancelled());
    signal.addEventListener('abort', () => request.abort());
    request.send(start === undefined ? null : file.slice(first));
  });
}

function rangeOf(start: number | undefined, size: number): string {
  return start === undefined ? `bytes */${size}` : `bytes ${start}-${size - 1}/${size}`;
}

function cancelled(): ApiError {
  return new ApiError('CANCELLED', 'cancelled');
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(cancelled());
    });
  });
}

function refusal({ status, responseText }: XMLHttpRequest): ApiError {
  try {
    const { error } = JSON.parse(responseText) as { error: { code: string; message: string; hint?: string } };
    return new ApiError(error.code, error.message, error.hint);
  } catch {
    return new ApiError('FAILED', `HTTP ${status}`);
  }
}

/** The files of a drop, those in folders with their paths. Must be called within the event. */
export async function droppedFiles(items: DataTransferItemList): Promise<Dropped[]> {
  const roots = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: Dropped[] = [];
  for (const root of roots) await collect(root, found);
  return found;
}

async function collect(entry: FileSystemEntry, found: Dropped[]): Promise<void> {
  if (found.length >= DROPPED_MAX) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push({ path: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives a part of the entries at a time, then none.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return;
    for (const each of entries) await collect(each, found);
  }
}
