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
const whole = (min: number) =>
  v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.integer(), v.minValue(min));
const number = v.pipe(whole(1), v.maxValue(1e9));
const flag = v.union([
  v.boolean(),
  v.pipe(
    v.picklist(['true', 'false']),
    v.transform((given) => given === 'true'),
  ),
]);
const page = { from: v.optional(whole(0)), count: v.optional(v.pipe(whole(0), v.maxValue(10_000))) };
const rate = v.pipe(v.string(), v.regex(/^(off|[\d.]{1,20}[kmgKMG]?)$/, 'a rate is like 500k, 20M or off'));

/** Makes routes. The words take the fields with the types that the checks give them. */
function routesFor(who: ApiRoute['who']) {
  const withMethod =
    (method: ApiRoute['method']) =>
    <F extends v.ObjectEntries>(
      path: ApiRoute['path'],
      summary: string,
      fields: F,
      words: (input: v.InferOutput<v.StrictObjectSchema<F, undefined>>) => readonly CommandWord[],
    ): ApiRoute => ({ method, path, summary, who, input: v.strictObject(fields), words });
  return {
    get: withMethod('get'),
    post: withMethod('post'),
    put: withMethod('put'),
    patch: withMethod('patch'),
    delete: withMethod('delete'),
  };
}

const anyone = routesFor('anyone');
const owner = routesFor('owner');
const quoted = (...texts: (string | undefined)[]) =>
  texts.flatMap((given) => (given === undefined ? [] : [{ text: given }]));
const one = { number };

const VERBS = { paused: 'pause', first: 'first' } as const;

export const ROUTES: readonly ApiRoute[] = [
  anyone.get(
    '/search',
    'Files of the network whose names contain every word',
    { q: text(400), ...page },
    ({ q }) => ['search', ...quoted(q)],
  ),
  anyone.get('/peers', 'The other peers', page, () => ['peers']),
  anyone.get(
    '/ls',
    'Files of this peer, or of another one, below a folder',
    { peer: v.optional(name), folder: v.optional(name), ...page },
    ({ peer, folder }) => {
      if (peer !== undefined) return ['list', ...quoted(peer, folder ?? './')];
      return ['list', ...quoted(folder === undefined ? undefined : `./${folder.replace(/\/*$/, '/')}`)];
    },
  ),
  anyone.get(
    '/swarm',
    'Progress of every peer that has or downloads a file; "what": name, path, id or number of a download',
    { what: name, ...page },
    ({ what }) => ['swarm', '--once', ...quoted(what)],
  ),
  owner.get('/status', 'This peer, its trackers, share and transfers', {}, () => ['status']),
  owner.get('/downloads', 'Downloads since the start', page, () => ['downloads']),
  owner.post(
    '/downloads',
    'Starts a download of a name, a path, an id, or a folder with a final slash',
    {
      what: name,
      peer: v.optional(name),
      newest: v.optional(v.boolean()),
      other: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{4,64}$/i))),
    },
    ({ what, peer, newest, other }) => [
      peer === undefined ? 'download' : 'get',
      '--no-wait',
      ...(newest === true ? ['--newest'] : []),
      ...(other === undefined ? [] : ['--other', other]),
      ...quoted(peer, what),
    ],
  ),
  owner.get('/downloads/{number}', 'One download', one, (input) => ['downloads', String(input.number)]),
  owner.patch(
    '/downloads/{number}',
    'Pauses or resumes a download, or puts it before all others',
    { number, state: v.picklist(['paused', 'running', 'first']) },
    ({ number: which, state }) =>
      state === 'running' ? ['resume', '--no-wait', String(which)] : [VERBS[state], String(which)],
  ),
  owner.delete('/downloads/{number}', 'Cancels a download and removes its unfinished file', one, (input) => [
    'cancel',
    String(input.number),
  ]),
  owner.get(
    '/uploads',
    'Uploads that run now; with "history": earlier ones too, also of earlier runs',
    { history: v.optional(flag), ...page },
    ({ history }) => ['uploads', ...(history === true ? ['--history'] : [])],
  ),
  owner.get('/limits', 'Upload and download limits, and the rates now', {}, () => ['limit']),
  owner.put(
    '/limits',
    'Sets one limit until the peer ends, as "20M" bytes a second or "off"',
    {
      direction: v.picklist(['up', 'down']),
      scope: v.optional(v.picklist(['total', 'loopback', 'lan', 'elsewhere'])),
      rate,
    },
    ({ direction, scope, rate: given }) => [
      'limit',
      direction,
      ...(scope === undefined || scope === 'total' ? [] : [scope]),
      given,
    ],
  ),
  owner.get(
    '/parts',
    'The chunks of each file that are here',
    { what: v.optional(name), ...page },
    ({ what }) => ['parts', ...quoted(what)],
  ),
  owner.get('/pushes', 'Pushes to other peers since the start', page, () => ['send']),
  owner.post(
    '/pushes',
    'Offers a file of this peer to another one',
    { what: name, peer: name },
    ({ what, peer }) => ['send', '--no-wait', ...quoted(what, peer)],
  ),
  owner.get('/offers', 'Pending offers of other peers', page, () => ['accept']),
  owner.patch(
    '/offers/{number}',
    'Accepts an offer; "always": also later ones of that peer',
    { number, state: v.literal('accepted'), always: v.optional(v.boolean()) },
    ({ number: which, always }) => ['accept', String(which), ...(always === true ? ['--always'] : [])],
  ),
  owner.delete('/offers/{number}', 'Rejects an offer', one, (input) => ['reject', String(input.number)]),
  owner.get('/links', 'Share links that are valid', page, () => ['link']),
  owner.post(
    '/links',
    'Makes a share link for a file of this peer, valid for some days (default: 7)',
    {
      what: name,
      days: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(365))),
    },
    ({ what, days }) => ['link', ...(days === undefined ? [] : ['--days', String(days)]), ...quoted(what)],
  ),
  owner.delete('/links/{number}', 'Ends a share link', one, (input) => [
    'link',
    '--revoke',
    String(input.number),
  ]),
  owner.get('/doctor', 'Obstacles to sharing, with the next step for each', {}, () => ['doctor']),
  owner.post('/refresh', 'Scans the share, publishes it, and fetches the list of peers', {}, () => [
    'refresh',
  ]),
];
