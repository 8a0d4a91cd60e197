import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rivalsFolder } from '../Places.ts';
import { bitTorrent } from './BitTorrent.ts';

const SCRIPT = fileURLToPath(new URL('./WebTorrentClient.js', import.meta.url));
const MODULE = join(rivalsFolder(), 'node_modules', 'webtorrent', 'index.js');

/** WebTorrent, the BitTorrent client for Node, over TCP. */
export const webTorrent = bitTorrent({
  name: 'WebTorrent',

  async missing() {
    return access(MODULE).then(
      () => undefined,
      () => 'webtorrent is not installed',
    );
  },

  command: (role, { torrent, folder, port, seederPorts }) => [
    process.execPath,
    SCRIPT,
    MODULE,
    role,
    torrent,
    folder,
    String(port),
    ...seederPorts.map(String),
  ],
});
