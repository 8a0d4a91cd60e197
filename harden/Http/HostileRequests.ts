import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import { hostilePath, pick } from './Addresses.ts';
import { changing, dropHeaders, hostileBody, hostileJson, hostileName, hostileText } from './Bodies.ts';
import { hostileGarbage, hostilePipeline, hostileSmuggling } from './Framing.ts';
import {
  hostileHeader,
  hostileHost,
  hostileMethod,
  hostileOrigin,
  hostileRange,
  hostileVersion,
  ifRange,
} from './Headers.ts';
import { CLOSE, FILE, get, type Message, PLACES, text } from './Messages.ts';

/** A message of one kind, with its way of sending. */
export interface HostileRequest extends Required<Message> {
  readonly family: Family;
}

const FAMILIES = {
  traversal: (random) => get(hostilePath(random)),
  range: (random) => get(FILE, `Range: ${hostileRange(random)}\r\n${ifRange(random)}`),
  header: hostileHeader,
  host: (random) => text(`GET ${pick(random, PLACES)} HTTP/1.1\r\n${hostileHost(random)}${CLOSE}\r\n`),
  origin: (random) => changing(random, hostileOrigin(random), '{}'),
  method: (random) =>
    text(`${hostileMethod(random)} ${pick(random, PLACES)} HTTP/1.1\r\nHost: localhost\r\n${CLOSE}\r\n`),
  version: hostileVersion,
  body: hostileBody,
  input: (random) => changing(random, '', hostileJson(random)),
  query: (random) =>
    get(
      `/api/v1/${pick(random, ['search?q=', 'ls?folder=', 'ls?peer=', 'swarm?what=', 'peers?from='])}${hostileText(random)}`,
    ),
  drop: (random) =>
    text(
      `PUT /drop/${hostileName(random)} HTTP/1.1\r\nHost: localhost\r\n${dropHeaders(random)}${CLOSE}\r\nx`,
    ),
  smuggling: hostileSmuggling,
  pipeline: hostilePipeline,
  garbage: hostileGarbage,
} satisfies Record<string, (random: SeededRandom) => Message>;

type Family = keyof typeof FAMILIES;

/** Different requests in random order; the same seed gives the same ones. */
export function hostileRequests(random: SeededRandom, count: number): readonly HostileRequest[] {
  const known = new Set<string>();
  const families = Object.keys(FAMILIES) as Family[];
  const requests: HostileRequest[] = [];
  while (requests.length < count) {
    const family = pick(random, families);
    const made: Message = FAMILIES[family](random);
    const manner = made.manner ?? mannerOf(random);
    const key = `${manner} ${made.bytes.toString('latin1')}`;
    if (known.has(key)) continue;
    known.add(key);
    requests.push({ family, answersMax: 1, ...made, manner });
  }
  return requests;
}

function mannerOf(random: SeededRandom): HostileRequest['manner'] {
  const chance = random.int(0, 99);
  return chance < 4 ? 'slow' : chance < 10 ? 'half-closed' : chance < 16 ? 'reset' : 'whole';
}
