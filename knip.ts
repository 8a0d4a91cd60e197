import type { KnipConfig } from 'knip';

/**
 * Finds files, exports and dependencies without a use: `npx knip` with the tests, `npx knip --production` without.
 * Tests import constants and helpers from the file that uses them, so without tests such an export is no finding.
 */
const config: KnipConfig = {
  entry: [
    'Peer.js!',
    'Tracker.js!',
    'Cli/{Launch,Start}.js!',
    '{Peer,Tracker,Cli,Demo,Simulator,packaging}/main.ts!',
    'bench/{main,Questions/*}.ts!',
    'harden/*.ts!',
    'packaging/ScriptChunks.ts!', // Of vite.config.ts.
    'Demo/screenshots.ts!',
    // Programs that are started by path.
    'harden/Descriptors/main.ts!',
    'bench/Trackers/{BitTorrentTracker,Crowd,Echo,Load,LoadedTracker}.ts!',
    'test/Mutation/{vitest.config.ts,limits.config.js,limits.setup.js}',
    'test/**/*.long.ts',
  ],
  project: [
    '{Protocol,Shared,Tracker,Peer,Cli,Demo,Simulator,bench,harden,packaging}/**/*.ts!',
    'Web/**/*.{ts,tsx}!',
    '*.js!',
    'test/**/*.{js,ts}',
  ],
  ignoreDependencies: ['@stryker-mutator/vitest-runner'], // Stryker loads it by name.
  ignoreBinaries: ['syncthing', 'openssl', 'unshare', 'mkfifo', 'ip', 'mount', 'umount', 'systemd-notify'],
  ignoreExportsUsedInFile: process.argv.includes('--production'),
};

export default config;
