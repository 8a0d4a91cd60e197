import { expect, test } from 'vitest';
import { encodeControl, encodeLane } from '../../Protocol/PeerMessages.ts';
import { encodeReply, encodeRequest } from '../../Protocol/TrackerMessages.ts';
import {
  CONNECTION_ID,
  controlExamples,
  laneExamples,
  replyExamples,
  requestExamples,
  TRANSACTION_ID,
} from './examples.ts';

const SETS = {
  control: [controlExamples, (message: object) => encodeControl(message as never)],
  lane: [laneExamples, (message: object) => encodeLane(message as never)],
  request: [
    requestExamples,
    (message: object) => encodeRequest(CONNECTION_ID, TRANSACTION_ID, message as never),
  ],
  reply: [replyExamples, (message: object) => encodeReply(TRANSACTION_ID, message as never)],
} as const;

/** One codec serves both directions: a value that cannot be encoded is not accepted either. */
test.each([
  ['request', 'heartbeat', 'name', 64],
  ['request', 'publish', 'entries', 64],
  ['request', 'publish', 'entries.0.path', 1_000],
  ['request', 'search', 'words', 256],
  ['request', 'folder', 'path', 1_000],
  ['request', 'hit', 'files', 32],
  ['request', 'hit', 'files.0.path', 1_000],
  ['reply', 'found', 'hits', 32],
  ['reply', 'found', 'hits.0.path', 1_000],
  ['reply', 'found', 'hits.0.holders', 64],
  ['reply', 'located', 'holders', 64],
  ['reply', 'located', 'holders.0.name', 64],
  ['reply', 'peerList', 'peers', 64],
  ['reply', 'peerList', 'peers.0.name', 64],
  ['reply', 'query', 'question.words', 256],
  ['reply', 'members', 'members', 64],
  ['control', 'hello', 'name', 64],
  ['control', 'list', 'folder', 1_000],
  ['control', 'listPage', 'files', 1_024],
  ['control', 'listPage', 'files.0.path', 1_000],
  ['control', 'description', 'chunkHashes', 2_000],
  ['control', 'bitfield', 'bits', 32_768],
  ['control', 'have', 'chunks', 4_096],
  ['control', 'peers', 'peers', 50],
  ['control', 'offer', 'path', 1_000],
  ['control', 'hits', 'files', 50],
  ['control', 'suggest', 'chunks', 64],
  ['lane', 'data', 'bytes', 2_097_152],
  ['lane', 'bundle', 'files', 256],
] as const)('%s %s: %s is bounded by %i', (set, type, field, max) => {
  const [examples, encode] = SETS[set];
  const example = (examples as Record<string, object>)[type] ?? {};
  const names = field.split('.');
  const value = names.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], example);
  const grown = (count: number): unknown => {
    if (typeof value === 'string') return 'a'.repeat(count);
    if (value instanceof Uint8Array) return Buffer.alloc(count);
    return new Array(count).fill((value as unknown[])[0]);
  };
  const message = (count: number) => withField(example, names, grown(count)) as object;
  expect(() => encode(message(max))).not.toThrow();
  expect(() => encode(message(max + 1))).toThrow(RangeError);
});

/** A copy with another value at a path of names and indexes. */
function withField(of: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const changed = withField((of as Record<string, unknown>)[name], rest, value);
  return Array.isArray(of) ? of.with(Number(name), changed) : { ...(of as object), [name]: changed };
}
