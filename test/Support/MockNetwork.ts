/** A small network in terms of the API, for screenshots and tests of the page. */

const id = (n: number) => n.toString(16).padStart(2, '0').repeat(32);
const NAMES = ['anna', 'lab-03', 'Studio Norte', 'joão', 'marta-laptop', 'nas'];

const peer = (n: number) => ({
  id: id(n + 100),
  name: NAMES[n % NAMES.length] ?? '',
  host: `192.168.1.${20 + n}`,
  port: 9001 + n,
});

const FILES: readonly (readonly [path: string, size: number, sources: number, here?: boolean])[] = [
  ['Holiday/2026/harbour at dawn.jpg', 4_812_330, 4],
  ['Holiday/2026/the reef.mp4', 1_284_000_000, 6],
  ['Holiday/2026/boat song.flac', 38_204_112, 2],
  ['Holiday/2025/market.jpg', 3_190_044, 1, true],
  ['Holiday/2025/lighthouse.jpg', 5_020_118, 3],
  ['Holiday/packing list.txt', 1_204, 2, true],
  ['Holiday/maps/island trails.pdf', 12_449_020, 3],
  ['Holiday/maps/tiles.zip', 482_003_118, 2],
  ['Holiday/diary.md', 48_220, 1],
  ['Holiday/2024/class trip.webm', 310_448_112, 5],
  ['Holiday/2024/group photo (large).png', 22_114_080, 4],
  ['Holiday/playlist.m4a', 9_204_112, 1],
  ['Holiday/2024/A rather long name of a picture, number 7.jpg', 2_204_118, 1],
];

export const hits = FILES.map(([path, size, sourceCount, here = false], n) => ({
  id: id(n + 1),
  name: path.slice(path.lastIndexOf('/') + 1),
  path,
  size,
  modified: '2026-08-14T09:12:00.000Z',
  executable: false,
  sourceCount,
  here,
  sources: Array.from({ length: sourceCount }, (_, k) => ({
    ...peer(k),
    peer: id(k + 100),
    complete: k % 3 !== 2,
  })),
}));

const share = {
  folder: '/home/anna/Shared',
  files: 1_204,
  bytes: 48_204_112_000,
  mode: 'watching',
  readOnly: false,
  gone: null,
};

const source = (n: number, state: string, bytes: number, bytesPerSecond: number) => ({
  ...peer(n),
  state,
  bytes,
  bytesPerSecond,
  why: null,
});

const download = (number: number, of: number, state: string, part: number, more: object = {}) => ({
  number,
  id: hits[of]?.id,
  name: hits[of]?.name,
  path: hits[of]?.path,
  size: hits[of]?.size,
  state,
  bytes: Math.floor((hits[of]?.size ?? 0) * part),
  bytesPerSecond: 0,
  secondsLeft: null,
  files: 1,
  filesDone: 0,
  cause: null,
  error: null,
  sources: [],
  ...more,
});

export const events = {
  downloads: [
    download(1, 4, 'done', 1),
    download(2, 10, 'done', 1),
    download(3, 9, 'paused', 0.31, { cause: { code: 'paused', text: 'paused', retryInS: null } }),
    download(4, 7, 'searching', 0.82, { cause: { code: 'peer-away', text: 'nas is away', retryInS: 12 } }),
    download(5, 1, 'fetching', 0.63, {
      bytesPerSecond: 86_400_000,
      secondsLeft: 6,
      sources: [
        source(0, 'active', 402_000_000, 41_000_000),
        source(2, 'active', 310_000_000, 32_400_000),
        source(4, 'queued', 97_000_000, 0),
        { ...source(3, 'connecting', 0, 0), relayedBy: 'nas', why: 'blocked' },
      ],
    }),
  ],
  uploads: [{ peer: peer(3), path: 'Holiday/2025/market.jpg', bytes: 2_204_112, bytesPerSecond: 1_204_000 }],
  offers: [{ number: 1, id: id(60), name: 'homework 7.pdf', size: 884_120, peer: peer(1) }],
  pushes: [
    {
      number: 1,
      id: id(61),
      name: 'market.jpg',
      path: 'market.jpg',
      size: 3_190_044,
      peer: peer(2),
      state: 'sending',
      chunkCount: 13,
      chunks: 13,
      confirmed: 8,
      error: null,
    },
  ],
  limits: [{ scope: 'total', up: 20_000_000, down: null, sending: 1_204_000, receiving: 86_400_000 }],
};

const members = [0.63, 1, 0.48, 0.91, 0.22, 1, 0.05].map((part, n) => ({
  ...(n === 0 ? { id: null, name: null, host: null, port: null } : peer(n - 1)),
  self: n === 0,
  bytes: Math.floor(1_284_000_000 * part),
  complete: part === 1,
  bytesPerSecond: part === 1 ? 0 : 86_400_000 * (1 - part),
  giving: 0,
  taking: 0,
}));

const knownPeers = NAMES.map((_, n) => ({
  ...peer(n),
  files: [1_204, 88, 20_412, 7, 0, 148_220][n],
  bytes: [48e9, 2.1e9, 880e9, 3.2e6, 0, 3.4e12][n],
  linked: n < 4,
  secured: n < 4 ? 'TLS 1.3' : null,
  link: n < 4 ? { relayedBy: n === 3 ? 'nas' : null } : null,
}));

const TEXT = 'Sun hat\nSnorkel\nTwo books\nCharger\n\nAsk Marta for the tent.\n';

/** Answers for MockPeer. */
export function mockNetwork(manage = true): Record<string, unknown> {
  return {
    '/session': { manage, local: manage, name: 'anna', port: 9001, serves: ['network', 'drop'] },
    '/status': {
      network: { reachable: false, openPort: 'sudo ufw allow 9001/tcp' },
      name: 'anna',
      host: '192.168.1.20',
      port: 9001,
      trackers: [
        {
          host: '192.168.1.5',
          port: 6881,
          state: 'connected',
          foundBy: 'broadcast',
          observed: null,
          peers: 7,
          reason: null,
        },
      ],
      share,
      peers: knownPeers,
      sent: 0,
      received: 0,
      uptimeMs: 1,
    },
    '/search': (query: URLSearchParams) => {
      const words = (query.get('q') ?? '').toLowerCase().split(' ');
      const found = hits.filter((hit) =>
        words.every((word) => hit.path.toLowerCase().includes(word) || hit.id === word),
      );
      return { items: found };
    },
    '/doctor': {
      ok: false,
      items: [
        { check: 'share', ok: true, text: '/home/anna/Shared shares 1,204 files, 48.2 GB', hint: null },
        { check: 'tracker', ok: false, text: 'none answers', hint: 'Name one: --tracker HOST' },
      ],
    },
    '/links': {
      items: [
        {
          number: 1,
          id: id(1),
          name: 'harbour at dawn.jpg',
          path: 'Holiday/2026/harbour at dawn.jpg',
          size: 4_812_330,
          address: 'http://192.168.1.20:9001/s/3q2-7wAAvu_vASNFZ4mrze8/harbour%20at%20dawn.jpg',
          created: '2026-11-30T10:00:00.000Z',
          expires: '2026-12-07T10:00:00.000Z',
        },
      ],
    },
    '/peers': { items: knownPeers },
    '/ls': { items: hits },
    '/parts': {
      items: [
        {
          id: id(2),
          path: 'x',
          chunks: 1_200,
          count: 756,
          have: [
            [0, 402],
            [440, 620],
            [700, 810],
            [1_000, 1_060],
          ],
        },
      ],
    },
    '/swarm': {
      items: members,
      id: id(2),
      name: 'the reef.mp4',
      size: 1_284_000_000,
      chunks: 1_200,
      peers: 7,
      complete: 2,
      finishedAndLeft: 3,
      rarest: 3,
      secondsLeft: 74,
    },
    '/files/Holiday/packing list.txt': TEXT,
  };
}
