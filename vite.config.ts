import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { defineConfig } from 'vite';
import { scriptChunks } from './packaging/ScriptChunks.ts';

/** Threads load their own file: `new Worker(new URL('./HashWorker.js', import.meta.url))`. */
const workers = readdirSync('Peer', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('Worker.ts'))
  .map((path) => [basename(path, '.ts'), `Peer/${path}`]);

const OWN_FILES = ['@napi-rs/blake-hash', '@nats-io/transport-node', 'hash-wasm', 'readline-sync'];

/**
 * Joins the modules of each program into few files, which halves the time that Node 20 takes to start it. All are in
 * one folder beside `dist/Web`, so that paths relative to `import.meta.url` hold.
 */
export default defineConfig({
  publicDir: false,
  // Libraries are part of the chunks: each file costs a start time. The others find files of their own by their path,
  // or are loaded by few programs.
  ssr: { noExternal: true, external: OWN_FILES },
  plugins: [scriptChunks()],
  logLevel: 'warn',
  build: {
    ssr: true,
    outDir: 'dist/Programs',
    target: 'node20',
    license: { fileName: 'licences.md' },
    sourcemap: true,
    rolldownOptions: {
      input: {
        Peer: 'Peer/main.ts',
        Tracker: 'Tracker/main.ts',
        Cli: 'Cli/main.ts',
        RunningPeers: 'Cli/Running/RunningPeers.ts',
        ...Object.fromEntries(workers),
      },
      output: {
        entryFileNames: ({ name }) => (name.endsWith('Worker') ? '[name].script.js' : '[name].js'),
        chunkFileNames: '[name]-[hash].js',
        comments: false,
      },
    },
  },
});
