import type { ServerResponse } from 'node:http';
import { unlessAborted } from '../../../Shared/OnAbort.ts';
import type { ServedFile, WebFiles } from '../Ports.ts';
import { goneOf, plainSocketOf, remoteOf, withoutIdleLimit } from './ClientSocket.ts';
import type { FileAnswer } from './FileAnswer.ts';

/**
 * Sends a file to the response, within the slots and limits of all uploads. The headers are sent with the first bytes,
 * so that a file that cannot be read has an answer of its own. Later failures end the connection.
 * @throws ShoalError, before anything is sent
 */
export async function sendFile(
  entry: ServedFile,
  { status, headers, range }: FileAnswer,
  response: ServerResponse,
  files: Pick<WebFiles, 'send'>,
): Promise<void> {
  const { socket } = response.req;
  if (response.req.method === 'HEAD' || range.from === range.to) {
    response.writeHead(status, headers).end();
    return;
  }
  const gone = goneOf(response.req);
  const begin = () => {
    if (!response.headersSent) response.writeHead(status, headers);
  };
  const write = (bytes: Uint8Array) => {
    const written = new Promise<void>((resolve, reject) => {
      begin();
      response.write(bytes, (failure) => (failure ? reject(failure) : resolve()));
    });
    // Bytes of an answer whose turn never came are never reported as written.
    return unlessAborted(written, gone);
  };
  try {
    const sink = { remote: remoteOf(response.req), write, plain: plainSocketOf(response, begin) };
    await withoutIdleLimit(response.req, files.send(entry.fileId, range, sink, gone));
    response.end();
  } catch (failure) {
    if (!response.headersSent && !gone.aborted) throw failure;
    socket.destroy();
  }
}
