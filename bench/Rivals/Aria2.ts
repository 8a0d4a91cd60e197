import { findProgram } from '../Places.ts';
import { untilListening } from '../Ports.ts';
import { runMeasured } from '../Usage.ts';
import { bitTorrent, type ClientOptions } from './BitTorrent.ts';

/** aria2c as a BitTorrent client; its receiver is a process that ends when the file is complete. */
export const aria2 = bitTorrent({
  name: 'aria2c, BitTorrent',

  async missing() {
    return (await findProgram('aria2c')) === undefined ? 'aria2c is not installed' : undefined;
  },

  command: (_, options) => ['aria2c', ...args(options), '--bt-seed-unverified=true', '--seed-ratio=0'],
  untilSeeding: untilListening,
  runsToItsEnd: (options) => runMeasured('aria2c', [...args(options), '--seed-time=0']),
});

function args({ torrent, folder, port }: ClientOptions): string[] {
  return [
    '--no-conf',
    '--quiet',
    '--enable-dht=false',
    '--bt-enable-lpd=false',
    '--enable-peer-exchange=false',
    '--file-allocation=none',
    '--disk-cache=64M',
    '--bt-max-peers=0',
    '--max-overall-upload-limit=0',
    `--listen-port=${port}`,
    `--dir=${folder}`,
    `--torrent-file=${torrent}`,
  ];
}
