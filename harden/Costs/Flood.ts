import { decodeReply, type TrackerRequest } from '../../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';
import type { TrackerLogic } from '../../Tracker/TrackerLogic.ts';
import type { Figure } from '../Trial.ts';
import type { Crowd } from './Crowd.ts';

/** Rate of one socket of Node. */
const DATAGRAMS_PER_SECOND = 50_000;
const BEATS_PER_SECOND = 20;
const SECONDS = 2;

/**
 * A stranger sends the most expensive searches at full rate, with valid connection ids of many ports, while a
 * registered peer sends heartbeats. While the flood takes less than all of the tracker's time, its queue stays short
 * and every heartbeat is read.
 */
export function flood(logic: TrackerLogic, crowd: Crowd, nowMs: number): Figure[] {
  const random = new SeededRandom(3);
  const stranger = (port: number) => ({ host: '10.250.0.1', port });
  const datagrams = Array.from({ length: 500 }, (_, at) => {
    const words = at % 2 === 0 ? random.hex(4) : 'mp3 m';
    const request: TrackerRequest = { type: 'search', words, cursor: at % 3 === 0 ? 1 : 0 };
    return { bytes: crowd.encode(request, stranger(at + 1), nowMs), from: stranger(at + 1) };
  });
  const peer = crowd.addressOf(900_000);
  logic.receive(crowd.encode(crowd.heartbeat(900_000), peer, nowMs), peer, nowMs);
  const beat = crowd.encode(crowd.heartbeat(900_000), peer, nowMs);
  const total = DATAGRAMS_PER_SECOND * SECONDS;
  const every = DATAGRAMS_PER_SECOND / BEATS_PER_SECOND;
  let answered = 0;
  const before = process.cpuUsage();
  for (let at = 0; at < total; at++) {
    const atMs = nowMs + (at / DATAGRAMS_PER_SECOND) * 1_000;
    const { bytes, from } = datagrams[at % datagrams.length] ?? { bytes: beat, from: peer };
    logic.receive(bytes, from, atMs);
    if (at % every !== 0) continue;
    const [answer] = logic.receive(beat, peer, atMs);
    if (answer !== undefined && decodeReply(answer.bytes).reply.type === 'alive') answered++;
  }
  const { user, system } = process.cpuUsage(before);
  const busy = (user + system) / 1_000_000 / SECONDS;
  const beats = total / every;
  return [
    {
      name: `time taken by a stranger that sends ${DATAGRAMS_PER_SECOND} searches a second`,
      value: `${(100 * busy).toFixed(0)} % of a core`,
      wanted: 'below 90 %',
      met: busy < 0.9,
      timed: true,
    },
    {
      name: 'heartbeats of a registered peer answered beside it',
      value: `${((100 * answered) / beats).toFixed(1)} % of ${beats}`,
      wanted: '99 %',
      met: answered >= 0.99 * beats,
    },
  ];
}
