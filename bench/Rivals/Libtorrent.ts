import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bitTorrent } from './BitTorrent.ts';

/** Debian's Python: another Python in PATH does not find python3-libtorrent. */
const PYTHON = '/usr/bin/python3';
const SCRIPT = fileURLToPath(new URL('../../../bench/Rivals/libtorrent-client.py', import.meta.url));

/** libtorrent, the engine of qBittorrent and Deluge, tuned for loopback. */
export const libtorrent = bitTorrent({
  name: 'libtorrent',

  async missing() {
    const check = promisify(execFile)(PYTHON, ['-c', 'import libtorrent']);
    return check.then(
      () => undefined,
      () => 'python3-libtorrent is not installed',
    );
  },

  command: (role, { torrent, folder, port, seederPorts }) => [
    PYTHON,
    SCRIPT,
    role,
    torrent,
    folder,
    String(port),
    ...seederPorts.map(String),
  ],
});
