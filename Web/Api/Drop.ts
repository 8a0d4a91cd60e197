import { pathPart } from '../State/Address.ts';
import { ApiError } from './Client.ts';
import { secret } from './Secret.ts';

/** A file to send, with its path below the folder that was dropped. */
export interface Dropped {
  readonly path: string;
  readonly file: File;
}

/** Upper bound on the files of one drop. */
export const DROPPED_MAX = 10_000;

/**
 * Sends a file to this peer. `fetch` reports no progress of a request's body, so this is XMLHttpRequest.
 * @returns whether it is in the share now; false: its owner is asked first
 * @throws ApiError
 */
export function sendFile(
  { path, file }: Dropped,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', `/drop/${pathPart(path)}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    if (secret() !== undefined) request.setRequestHeader('Authorization', `Bearer ${secret()}`);
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = () => {
      if (request.status < 300) resolve(request.status !== 202);
      else reject(refusal(request));
    };
    request.onerror = () => reject(new ApiError('UNREACHABLE', 'the peer does not answer'));
    request.onabort = () => reject(new ApiError('CANCELLED', 'cancelled'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
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
