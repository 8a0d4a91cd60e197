import type { Socket } from 'node:dgram';
import { decodeReply, encodeRequest, type Hit, type ReplyOf } from '../../Protocol/TrackerMessages.ts';

const PATIENCE_MS = 5_000;
let transaction = 0x1000_0000;

/**
 * All hits of one search, and the time of the first answer: the best hits of the index, and those of peers and other
 * trackers.
 */
export interface WholeAnswer {
  readonly hits: readonly Hit[];
  readonly ms: number;
  /** Matches in the index of the tracker. */
  readonly total: number;
  /** Trackers that answered; undefined: no cluster. */
  readonly answered: number | undefined;
}

/**
 * Searches, and reads the pages of the index and those of peers and other trackers that follow. @throws Error after 5
 * s
 */
export async function wholeAnswer(socket: Socket, cookie: string, words: string): Promise<WholeAnswer> {
  const started = performance.now();
  const first = await pagesOf(
    socket,
    encodeRequest(cookie, ++transaction, { type: 'search', words, cursor: 0 }),
  );
  const ms = performance.now() - started;
  const hits = first.flatMap((page) => page.hits);
  let next = first.find(({ part }) => part === 'whole' || part === 'index')?.next ?? 0;
  while (next > 0) {
    const request = encodeRequest(cookie, ++transaction, { type: 'search', words, cursor: next });
    const [page] = await pagesOf(socket, request);
    hits.push(...(page?.hits ?? []));
    next = page?.next ?? 0;
  }
  const answered = first.find(({ part }) => part === 'last')?.trackers?.answered;
  const total = first.find(({ part }) => part === 'whole' || part === 'index')?.total ?? 0;
  return { hits, ms, total, answered };
}

function pagesOf(socket: Socket, request: Buffer): Promise<ReplyOf<'found'>[]> {
  const wanted = request.readUInt32BE(12);
  const pages: ReplyOf<'found'>[] = [];
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => end(() => reject(new Error('a search had no whole answer'))), PATIENCE_MS);
    const take = (bytes: Buffer) => {
      const { transactionId, reply } = decodeReply(bytes);
      if (transactionId !== wanted) return;
      if (reply.type !== 'found')
        return end(() => reject(new Error(`a search was answered by ${reply.type}`)));
      pages.push(reply);
      const last = pages.find(({ part }) => part === 'last');
      const isWhole = pages.some(({ part }) => part === 'whole');
      if (isWhole || (last !== undefined && pages.length > (last.pages ?? 0))) end(() => resolve(pages));
    };
    socket.on('message', take);
    socket.send(request);
    function end(settle: () => void) {
      clearTimeout(late);
      socket.off('message', take);
      settle();
    }
  });
}
