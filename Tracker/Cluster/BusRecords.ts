import { address } from '../../Protocol/AddressCodec.ts';
import {
  ByteReader,
  ByteWriter,
  badFrame,
  boolean,
  type Codec,
  list,
  messageSet,
  text,
  uint8,
  uint16,
  uint32,
  uint53,
} from '../../Protocol/Codec.ts';
import { extensible } from '../../Protocol/Extensions.ts';
import { fileId, type InstanceId, instanceId, peerId } from '../../Protocol/Ids.ts';
import { PATH_BYTES_MAX, QUERY_BYTES_MAX } from '../../Protocol/Limits.ts';
import { hit, holder, listedPeer } from '../../Protocol/TrackerItems.ts';

/** Messages between the trackers of a cluster: type (1 byte), body. docs/reference/protocol.md, "Clusters". */

/** Version of the records; part of every subject on the bus. */
export const BUS_VERSION = 1;
/** Longest record, in bytes: a sixteenth of the payload that a NATS server takes by default. */
export const RECORD_BYTES_MAX = 65_536;
/** Hits or holders in one record. */
export const RECORD_ITEMS_MAX = 256;
/** Peers in one record: a page of the answer to a peer. */
const RECORD_PEERS_MAX = 64;

/** First field of every record: the run of the tracker that sends it. */
const sent = { from: instanceId };
/** First fields of a question and of its answers. The number is chosen by the asking tracker. */
const asked = { ...sent, question: uint32 };
/**
 * First fields of an answer that may take several records, numbered from 0. It is complete with all up to the last
 * one.
 */
const part = { ...asked, part: uint16, isLast: boolean };

const records = messageSet({
  /** Sent every ANNOUNCE_MS, at the start and at the end. */
  announce: [
    1,
    fields({
      ...sent,
      /** Address of the tracker for peers. */
      address,
      peers: uint32,
      files: uint32,
      /** The sender has just joined: the others announce themselves. */
      joins: boolean,
      leaves: boolean,
    }),
  ],
  /** Questions. They are answered by `found`, `located`, `listed` (peers, folder) and `calling`. */
  search: [2, fields({ ...asked, words: text(QUERY_BYTES_MAX) })],
  locate: [3, fields({ ...asked, fileId })],
  /** A page of peers, from this slot on. */
  peers: [4, fields({ ...asked, cursor: uint32 })],
  folder: [5, fields({ ...asked, path: text(PATH_BYTES_MAX), cursor: uint32 })],
  /** Requests that the tracker of `target` asks it to dial the caller. */
  call: [6, fields({ ...asked, target: peerId, caller: peerId, address })],
  /** `total`: matches that this record adds to the answer, listed or not. */
  found: [16, fields({ ...part, total: uint32, hits: list(hit, RECORD_ITEMS_MAX) })],
  located: [17, fields({ ...part, total: uint32, size: uint53, holders: list(holder, RECORD_ITEMS_MAX) })],
  /** `next` 0: the last page of this tracker. */
  listed: [18, fields({ ...asked, total: uint32, next: uint32, peers: list(listedPeer, RECORD_PEERS_MAX) })],
  /** `known`: the peer is registered here, and was asked. */
  calling: [19, fields({ ...asked, known: boolean })],
});

/** The fields, and room for extensions of later versions. */
function fields<T extends object>(table: { readonly [K in keyof T]: Codec<T[K]> }): Codec<T> {
  return extensible(table, {});
}

export type BusRecord = ReturnType<(typeof records)['readBody']>;
export type RecordOf<T extends BusRecord['type']> = Extract<BusRecord, { type: T }>;

const QUESTIONS = ['search', 'locate', 'peers', 'folder', 'call'] as const;
type QuestionName = (typeof QUESTIONS)[number];

/** A question without its first fields. */
export type Question = { [T in QuestionName]: Omit<RecordOf<T>, keyof typeof asked> }[QuestionName];
export type QuestionRecord = RecordOf<QuestionName>;
export type AnswerRecord = RecordOf<'found' | 'located' | 'listed' | 'calling'>;

export function encodeRecord(record: BusRecord): Buffer {
  const out = new ByteWriter();
  uint8.write(out, records.tagOf(record));
  records.writeBody(out, record);
  return out.finish();
}

/** First fields of a record. */
export interface RecordHead {
  readonly kind: 'announcement' | 'question' | 'answer';
  readonly from: InstanceId;
  /** 0 in an announcement. */
  readonly question: number;
}

/** Reads the first fields, which say whether the rest is worth decoding. @throws ShoalError BAD_FRAME */
export function headOf(bytes: Uint8Array): RecordHead {
  if (bytes.length > RECORD_BYTES_MAX) throw badFrame(`a record of ${bytes.length} bytes`);
  const input = new ByteReader(bytes);
  const type = records.typeOf(uint8.read(input));
  if (type === undefined) throw badFrame('a record of an unknown type');
  const from = instanceId.read(input);
  if (type === 'announce') return { kind: 'announcement', from, question: 0 };
  return { kind: isQuestionName(type) ? 'question' : 'answer', from, question: uint32.read(input) };
}

/** @throws ShoalError BAD_FRAME */
export function decodeRecord(bytes: Uint8Array): BusRecord {
  if (bytes.length > RECORD_BYTES_MAX) throw badFrame(`a record of ${bytes.length} bytes`);
  const input = new ByteReader(bytes);
  return records.readBody(uint8.read(input), input);
}

export function isQuestion(record: BusRecord): record is QuestionRecord {
  return isQuestionName(record.type);
}

function isQuestionName(type: string): boolean {
  return QUESTIONS.some((name) => name === type);
}
