import { countFitting } from '../../../../Protocol/Codec.ts';
import { DATAGRAM_BYTES_MAX, RELAYED_FILES_MAX } from '../../../../Protocol/Limits.ts';
import { type RelayedFile, relayedFile } from '../../../../Protocol/RelayMessages.ts';
import { encodeRequest, type ReplyOf, type RequestOf } from '../../../../Protocol/TrackerMessages.ts';
import type { SessionAction } from './SessionTypes.ts';

/** Bytes before the files: request header 16, token 8, relay 4, count 2. */
const HIT_OVERHEAD_BYTES = 30;

/** Answers a relayed query with the best matches that fit into one datagram. */
export function answerTo(
  query: ReplyOf<'query'>,
  token: string,
  files: readonly RelayedFile[],
): RequestOf<'hit'> | RequestOf<'miss'> {
  const { relay } = query;
  const some = files.slice(0, RELAYED_FILES_MAX);
  const count = countFitting(relayedFile, some, DATAGRAM_BYTES_MAX - HIT_OVERHEAD_BYTES);
  return count === 0
    ? { type: 'miss', token, relay }
    : { type: 'hit', token, relay, files: some.slice(0, count) };
}

/** The datagram that answers a relayed query, and its line in the log. */
export function answerActions(
  query: ReplyOf<'query'>,
  connectionId: string,
  token: string,
  files: readonly RelayedFile[],
): readonly SessionAction[] {
  const answer = answerTo(query, token, files);
  return [
    { kind: 'send', bytes: encodeRequest(connectionId, query.relay, answer) },
    { kind: 'queried', text: answerText(query, answer) },
  ];
}

/** Formats a log line. Contains unescaped text from other peers. */
function answerText({ question }: ReplyOf<'query'>, answer: RequestOf<'hit'> | RequestOf<'miss'>): string {
  const asked = question.fileId === undefined ? `"${question.words}"` : question.fileId.slice(0, 8);
  if (answer.type === 'miss') return `QUERY ${asked}: MISS`;
  const files = answer.files.map(({ path, size, fileId }) => `${path},${size},${fileId}`);
  return `QUERY ${asked}: HIT ${files.join('; ')}`;
}
