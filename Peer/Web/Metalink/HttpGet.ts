import { type IncomingMessage, request } from 'node:http';

/** The answer of another peer. */
export interface HttpReply {
  readonly status: number;
  readonly etag: string | undefined;
  readonly body: Buffer;
}

interface HttpQuestion {
  readonly url: string;
  readonly method: 'GET' | 'HEAD';
  /** Upper bound on the body. */
  readonly bytesMax: number;
  /** Upper bound on the whole exchange. */
  readonly timeoutMs: number;
}

/** Asks another peer. Follows no redirection. Undefined: no answer within the bounds. Never rejects. */
export type HttpGet = (question: HttpQuestion) => Promise<HttpReply | undefined>;

export const httpGet: HttpGet = ({ url, method, bytesMax, timeoutMs }) =>
  new Promise((resolve) => {
    const end = (reply?: HttpReply) => {
      clearTimeout(timer);
      asked.destroy();
      resolve(reply);
    };
    const asked = request(url, { method, agent: false }, (response) => receive(response, bytesMax, end));
    const timer = setTimeout(end, timeoutMs);
    asked.on('error', () => end());
    asked.end();
  });

function receive(response: IncomingMessage, bytesMax: number, end: (reply?: HttpReply) => void): void {
  const { statusCode: status = 0, headers } = response;
  const parts: Buffer[] = [];
  let bytes = 0;
  response.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes > bytesMax) end();
    else parts.push(part);
  });
  response.on('error', () => end());
  response.on('end', () => end({ status, etag: headers.etag, body: Buffer.concat(parts) }));
}
