import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { scriptRunner } from './Scripts.js';

const PROGRAMS = new URL('../dist/Programs/', import.meta.url);
/**
 * Bytes of bytecode of a function that V8 runs before it compiles the function again, optimised; V8's default is 67,584.
 * The hot path of a peer is a hundred small functions around a few large copies: to optimise them early costs a short
 * download more than it saves; much later costs folders of thousands of small files (docs/Decisions/0007).
 */
const CALM_BUDGET = 200_000;
/**
 * Upper bound on the bytes of bytecode that V8 inlines into a function which it optimises; its default is 920.
 * Optimising was a sixth of the CPU of a folder of small files at a fresh peer (docs/Decisions/0007).
 */
const INLINED_BYTES = 300;
/** Newer versions lack the budget (Node 24: V8 13) and print a warning at every start; both were measured on Node 20. */
const V8_MAJOR = Number.parseInt(process.versions.v8, 10);

/**
 * Runs a built program in this process; `--version` is the same for all of them.
 * @param {'Peer' | 'Tracker' | 'Cli' | 'ShoalTracker'} wanted - its file in dist/Programs; `ShoalTracker`: `shoal tracker`
 */
export async function start(wanted) {
  // os.homedir() returns any text: with an empty one, keys and downloads would be stored in the current folder.
  if (process.env.HOME !== undefined && !isAbsolute(process.env.HOME)) delete process.env.HOME;
  const name = wanted === 'ShoalTracker' ? await trackerProgram() : wanted;
  if (asksForVersion(process.argv.slice(2))) {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    printLine(`shoal ${version}`);
    return;
  }
  // Compiled code is kept between starts, inside dist, where other users cannot write: of modules from Node 22 on.
  const compiled = new URL('../dist/.compiled/', import.meta.url);
  module.enableCompileCache?.(fileURLToPath(compiled));
  // Otherwise V8 drops bytecode that did not run for a while, and a peer that only shares would keep less of it.
  v8.setFlagsFromString('--no-flush-bytecode');
  if (name !== 'Tracker' && V8_MAJOR < 12) {
    v8.setFlagsFromString(`--interrupt-budget=${CALM_BUDGET}`);
    v8.setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTES}`);
  }
  if (existsSync(new URL(`${name}.js`, PROGRAMS)))
    await scriptRunner(PROGRAMS, new URL(`${name}-${process.version}/`, compiled))(`./${name}.js`);
  else {
    console.error('error: shoal is not built yet\nhint: Run: npm run build');
    process.exit(1);
  }
}

/**
 * Prints a line, with the exit codes of Shared/Program/Program.ts when the output cannot be written: 9 on a full disk,
 * else 1. A reader that left is no failure.
 * @param {string} line
 */
function printLine(line) {
  process.stdout.on('error', ({ code }) => {
    if (code === 'EPIPE') return;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    const cause = isFull ? 'no space is left' : code;
    console.error(`error: the output could not be written: ${cause}\nhint: Write it to another place.`);
    process.exitCode = isFull ? 9 : 1;
  });
  process.stdout.write(`${line}\n`);
}

/** @param {readonly string[]} args - words after `--` are names, not options */
function asksForVersion(args) {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === '--version' || arg === '-V');
}

/** The program of `shoal tracker`: see asksForState. Removes the word from the arguments of the tracker. */
async function trackerProgram() {
  if (await asksForState(process.argv.slice(3))) return 'Cli';
  process.argv.splice(2, 1);
  return 'Tracker';
}

/**
 * Whether `shoal tracker` asks for the state of a running peer's trackers: with --json or --peer, or without arguments
 * while a peer runs. Otherwise it runs a tracker.
 * @param {readonly string[]} words - its arguments
 */
async function asksForState(words) {
  if (words.length > 0) return words.some((each) => each === '--json' || /^--peer(=|$)/.test(each));
  if (!existsSync(new URL('RunningPeers.js', PROGRAMS))) return false;
  const { runningPeers } = await scriptRunner(PROGRAMS)('./RunningPeers.js');
  return (await runningPeers()).length > 0;
}
