import * as v from 'valibot';
import type { CommandWord } from '../Ports.ts';

/**
 * The table of `/api/v1`: each route is a command of the console. Router, checks of the input and OpenAPI
 * document are derived from it.
 */

/** Route of the API. Fields of the path, the query and the body are one object, checked by `input`. */
export interface ApiRoute {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below `/api/v1`, with `{name}` for fields of the path. */
  readonly path: `/${string}`;
  readonly summary: string;
  /** `anyone`: what a peer of the open network can read, too. `owner`: a user of this computer with the token. */
  readonly who: 'anyone' | 'owner';
  readonly input: v.GenericSchema<object, object>;
  readonly words: (input: never) => readonly CommandWord[];
}

const text = (bytes: number) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(bytes), v.regex(/^[^\r\n\0]*$/));
const NAME_MAX = 4_096;
const name = text(NAME_MAX);
const number = v.pipe(
  v.union([v.number(), v.string()]),
  v.transform(Number),
  v.integer(),
  v.minValue(1),
  v.maxValue(1e9),
);
const flag = v.union([
  v.boolean(),
  v.pipe(
    v.picklist(['true', 'false']),
    v.transform((given) => given === 'true'),
  ),
]);
const page = {
  from: v.optional(
    v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.integer(), v.minValue(0)),
  ),
  count: v.optional(
    v.pipe(
      v.union([v.number(), v.string()]),
      v.transform(Number),
      v.integer(),
      v.minValue(0),
      v.maxValue(10_000),
    ),
  ),
};
const rate = v.pipe(v.string(), v.regex(/^(off|[\d.]{1,20}[kmgKMG]?)$/, 'a rate is like 500k, 20M or off'));

/** Ties the input of a route to the type that its words take. */
function route<S extends v.GenericSchema<object, object>>(
  given: Omit<ApiRoute, 'input' | 'words'> & {
    input: S;
    words: (input: v.InferOutput<S>) => readonly CommandWord[];
  },
): ApiRoute {
  return given;
}

const quoted = (...texts: (string | undefined)[]) =>
  texts.flatMap((given) => (given === undefined ? [] : [{ text: given }]));
const one = v.strictObject({ number });

const VERBS = { paused: 'pause', first: 'first' } as const;

export const ROUTES: readonly ApiRoute[] = [
  route({
    method: 'get',
    path: '/search',
    summary: 'Files of the network whose names contain every word',
    who: 'anyone',
    input: v.strictObject({ q: text(400), ...page }),
    words: ({ q }) => ['search', ...quoted(q)],
  }),
  route({
    method: 'get',
    path: '/peers',
    summary: 'The other peers',
    who: 'anyone',
    input: v.strictObject(page),
    words: () => ['peers'],
  }),
  route({
    method: 'get',
    path: '/ls',
    summary: 'Files of this peer, or of another one, below a folder',
    who: 'anyone',
    input: v.strictObject({ peer: v.optional(name), folder: v.optional(name), ...page }),
    words: ({ peer, folder }) => {
      if (peer !== undefined) return ['list', ...quoted(peer, folder ?? './')];
      return ['list', ...quoted(folder === undefined ? undefined : `./${folder.replace(/\/*$/, '/')}`)];
    },
  }),
  route({
    method: 'get',
    path: '/swarm',
    summary:
      'Progress of every peer that has or downloads a file; "what": name, path, id or number of a download',
    who: 'anyone',
    input: v.strictObject({ what: name, ...page }),
    words: ({ what }) => ['swarm', '--once', ...quoted(what)],
  }),
  route({
    method: 'get',
    path: '/status',
    summary: 'This peer, its trackers, share and transfers',
    who: 'owner',
    input: v.strictObject({}),
    words: () => ['status'],
  }),
  route({
    method: 'get',
    path: '/downloads',
    summary: 'Downloads since the start',
    who: 'owner',
    input: v.strictObject(page),
    words: () => ['downloads'],
  }),
  route({
    method: 'post',
    path: '/downloads',
    summary: 'Starts a download of a name, a path, an id, or a folder with a final slash',
    who: 'owner',
    input: v.strictObject({
      what: name,
      peer: v.optional(name),
      newest: v.optional(v.boolean()),
      other: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{4,64}$/i))),
    }),
    words: ({ what, peer, newest, other }) => [
      peer === undefined ? 'download' : 'get',
      '--no-wait',
      ...(newest === true ? ['--newest'] : []),
      ...(other === undefined ? [] : ['--other', other]),
      ...quoted(peer, what),
    ],
  }),
  route({
    method: 'get',
    path: '/downloads/{number}',
    summary: 'One download',
    who: 'owner',
    input: one,
    words: (input) => ['downloads', String(input.number)],
  }),
  route({
    method: 'patch',
    path: '/downloads/{number}',
    summary: 'Pauses or resumes a download, or puts it before all others',
    who: 'owner',
    input: v.strictObject({ number, state: v.picklist(['paused', 'running', 'first']) }),
    words: ({ number: which, state }) =>
      state === 'running' ? ['resume', '--no-wait', String(which)] : [VERBS[state], String(which)],
  }),
  route({
    method: 'delete',
    path: '/downloads/{number}',
    summary: 'Cancels a download and removes its unfinished file',
    who: 'owner',
    input: one,
    words: (input) => ['cancel', String(input.number)],
  }),
  route({
    method: 'get',
    path: '/uploads',
    summary: 'Uploads that run now; with "history": earlier ones too, also of earlier runs',
    who: 'owner',
    input: v.strictObject({ history: v.optional(flag), ...page }),
    words: ({ history }) => ['uploads', ...(history === true ? ['--history'] : [])],
  }),
  route({
    method: 'get',
    path: '/limits',
    summary: 'Upload and download limits, and the rates now',
    who: 'owner',
    input: v.strictObject({}),
    words: () => ['limit'],
  }),
  route({
    method: 'put',
    path: '/limits',
    summary: 'Sets one limit until the peer ends, as "20M" bytes a second or "off"',
    who: 'owner',
    input: v.strictObject({
      direction: v.picklist(['up', 'down']),
      scope: v.optional(v.picklist(['total', 'loopback', 'lan', 'elsewhere'])),
      rate,
    }),
    words: ({ direction, scope, rate: given }) => [
      'limit',
      direction,
      ...(scope === undefined || scope === 'total' ? [] : [scope]),
      given,
    ],
  }),
  route({
    method: 'get',
    path: '/parts',
    summary: 'The chunks of each file that are here',
    who: 'owner',
    input: v.strictObject({ what: v.optional(name), ...page }),
    words: ({ what }) => ['parts', ...quoted(what)],
  }),
  route({
    method: 'get',
    path: '/pushes',
    summary: 'Pushes to other peers since the start',
    who: 'owner',
    input: v.strictObject(page),
    words: () => ['send'],
  }),
  route({
    method: 'post',
    path: '/pushes',
    summary: 'Offers a file of this peer to another one',
    who: 'owner',
    input: v.strictObject({ what: name, peer: name }),
    words: ({ what, peer }) => ['send', '--no-wait', ...quoted(what, peer)],
  }),
  route({
    method: 'get',
    path: '/offers',
    summary: 'Pending offers of other peers',
    who: 'owner',
    input: v.strictObject(page),
    words: () => ['accept'],
  }),
  route({
    method: 'patch',
    path: '/offers/{number}',
    summary: 'Accepts an offer; "always": also later ones of that peer',
    who: 'owner',
    input: v.strictObject({ number, state: v.literal('accepted'), always: v.optional(v.boolean()) }),
    words: ({ number: which, always }) => ['accept', String(which), ...(always === true ? ['--always'] : [])],
  }),
  route({
    method: 'delete',
    path: '/offers/{number}',
    summary: 'Rejects an offer',
    who: 'owner',
    input: one,
    words: (input) => ['reject', String(input.number)],
  }),
  route({
    method: 'get',
    path: '/links',
    summary: 'Share links that are valid',
    who: 'owner',
    input: v.strictObject(page),
    words: () => ['link'],
  }),
  route({
    method: 'post',
    path: '/links',
    summary: 'Makes a share link for a file of this peer, valid for some days (default: 7)',
    who: 'owner',
    input: v.strictObject({
      what: name,
      days: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(365))),
    }),
    words: ({ what, days }) => [
      'link',
      ...(days === undefined ? [] : ['--days', String(days)]),
      ...quoted(what),
    ],
  }),
  route({
    method: 'delete',
    path: '/links/{number}',
    summary: 'Ends a share link',
    who: 'owner',
    input: one,
    words: (input) => ['link', '--revoke', String(input.number)],
  }),
  route({
    method: 'get',
    path: '/doctor',
    summary: 'Obstacles to sharing, with the next step for each',
    who: 'owner',
    input: v.strictObject({}),
    words: () => ['doctor'],
  }),
  route({
    method: 'post',
    path: '/refresh',
    summary: 'Scans the share, publishes it, and fetches the list of peers',
    who: 'owner',
    input: v.strictObject({}),
    words: () => ['refresh'],
  }),
];
