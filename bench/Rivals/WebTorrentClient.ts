import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Program: `node WebTorrentClient.js <module> seed|fetch <torrent> <folder> <port> [seeder port …]`, for
 * Rivals/BitTorrent.ts.
 */
interface Torrent {
  addPeer(address: string): boolean;
  on(event: 'ready' | 'done', listener: () => void): void;
}
interface Client {
  add(torrent: Uint8Array, options: object): Torrent;
  on(event: 'error', listener: (failure: unknown) => void): void;
}

// WebTorrent's WebRTC needs a native part that is not available everywhere; a transfer over TCP never calls it.
const stub =
  'data:text/javascript,export const [RTCPeerConnection, RTCSessionDescription, RTCIceCandidate] = []';
const resolve = `(name, context, next) => name === 'webrtc-polyfill' ? { url: '${stub}', shortCircuit: true } : next(name, context)`;
register(`data:text/javascript,export const resolve = ${encodeURIComponent(resolve)}`);

const [module = '', role, torrentPath = '', folder, port, ...seeders] = process.argv.slice(2);
const imported: { default: new (options: object) => Client } = await import(pathToFileURL(module).href);
const client = new imported.default({
  torrentPort: Number(port),
  dht: false,
  tracker: false,
  lsd: false,
  utp: false,
  utPex: false,
  natUpnp: false,
  natPmp: false,
});
client.on('error', (failure) => {
  console.error(failure);
  process.exit(1);
});
const torrent = await readFile(torrentPath);
const options = { path: folder, announce: [] };
if (role === 'seed')
  client.add(torrent, { ...options, skipVerify: true }).on('ready', () => console.log('ready'));
else {
  console.log('ready');
  process.stdin.once('data', () => {
    const fetched = client.add(torrent, options);
    fetched.on('ready', () => {
      for (const seeder of seeders) fetched.addPeer(`127.0.0.1:${seeder}`);
    });
    fetched.on('done', () => console.log('done'));
  });
}
