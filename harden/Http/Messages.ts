/** Parts of the requests of the trial. */

/** One request, or several in one connection. */
export interface Message {
  readonly bytes: Buffer;
  /**
   * Way of sending. `slow`: byte by byte; `half-closed`: the sending side ends at once; `reset`: the connection is cut
   * after the first bytes of the answer. Absent: random.
   */
  readonly manner?: 'whole' | 'slow' | 'half-closed' | 'reset';
  /** Maximum number of answers: more mean that a body was read as a request. Absent: 1. */
  readonly answersMax?: number;
}

/** A small file of the share, which may be read. */
export const FILE = '/files/small.txt';
export const CLOSE = 'Connection: close\r\n';
export const PLACES = [
  '/',
  FILE,
  '/files/',
  '/api/v1/status',
  '/api/v1/events',
  '/metrics',
  '/healthz',
  '/drop/x',
  '/network/small.txt',
  '/s/x/small.txt',
  '/api/v1/links',
];

export function text(request: string): Message {
  return { bytes: Buffer.from(request, 'utf8') };
}

export function get(path: string, headers = ''): Message {
  return text(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}${CLOSE}\r\n`);
}
