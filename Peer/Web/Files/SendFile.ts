import type { ServerResponse } from 'node:http';
import type { ServedFile, WebFiles } from '../Ports.ts';
import { remoteOf, withoutIdleLimit } from './ClientSocket.ts';
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
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const write = (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      if (!response.headersSent) response.writeHead(status, headers);
      response.write(bytes, (failure) => (failure ? reject(failure) : resolve()));
    });
  try {
    const sink = { remote: remoteOf(response.req), write };
    await withoutIdleLimit(response.req, files.send(entry.fileId, range, sink, gone.signal));
    response.end();
  } catch (failure) {
    if (!response.headersSent && !gone.signal.aborted) throw failure;
    socket.destroy();
  }
}
