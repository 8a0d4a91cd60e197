import type { ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { unlessAborted } from '../../../Shared/Async/OnAbort.ts';
import type { ServedFile } from '../../ContentModel.ts';
import type { MetalinkMaker, MetalinkRequest } from '../Metalink/MetalinkMaker.ts';
import type { WebCall, WebFiles } from '../Ports.ts';
import { goneOf, plainSocketOf, remoteOf, withoutIdleLimit } from './ClientSocket.ts';
import { conditionsOf, type FileAnswer, fileAnswer } from './FileAnswer.ts';

/** The client of a request and the address by which it names this peer. */
export function clientOf(c: WebCall): MetalinkRequest {
  return { client: remoteOf(c.env.incoming), host: c.req.header('host') ?? '' };
}

/**
 * Answers a request for a file, or for a range of it.
 * @param metalinks - adds headers with other sources of the content
 * @throws ShoalError, before anything is sent
 */
export async function answerFile(
  c: WebCall,
  file: ServedFile,
  files: Pick<WebFiles, 'send'>,
  metalinks?: Pick<MetalinkMaker, 'headers'>,
): Promise<Response> {
  const { headers, ...answer } = fileAnswer(file, conditionsOf(c.req));
  const links = metalinks?.headers(file.fileId, clientOf(c));
  await sendFile(file, { ...answer, headers: { ...headers, ...links } }, c.env.outgoing, files);
  return RESPONSE_ALREADY_SENT;
}

/**
 * Sends a file to the response, within the slots and limits of all uploads. The headers are sent with the first bytes,
 * so that a file that cannot be read has an answer of its own. Later failures end the connection.
 * @throws ShoalError, before anything is sent
 */
async function sendFile(
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
