import type { OneShotAnswer } from '../../Peer/CommandInterface.ts';
import { asShoalError, ShoalError } from '../../Shared/ShoalError.ts';
import { failureAnswer } from '../Running/Answers.ts';
import { Deadline } from '../Running/Deadline.ts';
import { EXIT } from '../Running/ExitCodes.ts';
import { consoleLine, type Run } from '../Running/Run.ts';
import { written } from '../Running/Screen.ts';
import { getInto, placeOf } from './GetInto.ts';
import type { Invocation, ShoalCommand } from './ShoalCommand.ts';

/** Longest wait for a tracker before a file is streamed, in milliseconds. */
const TRACKER_WAIT_MS = 3_000;

export const get: ShoalCommand = {
  usage: '<file> [more...]',
  aliases: ['download'],
  summary: 'download files: <file|id|folder/>..., <peer> <file>..., or <ip> <port> <file>...',
  details: [
    '',
    'A file that is there already is checked by its hash and not fetched again; a folder fetches what is missing.',
    'Nothing is replaced: a file whose name is taken by other content gets a number, as in "name (2).ext".',
    'Of several versions of one path the newest is taken, and the others are named.',
  ].join('\n'),
  flags: {
    '-o, --output <dir|file>':
      'a folder if it is one, ends with / or takes several files, else the name of the file; - writes it to stdout, in order and verified',
    '--timeout <time>': 'time limit (30s, 5m, 2h): then exit code 6; verified chunks are kept',
    '--keep-going': 'continue with the other files when one fails, and keep the complete files of a folder',
    '--newest': 'take the newest of several files with that name',
    '--other <id>': 'take the version with this id, or this start of an id, instead of the newest',
    '--no-wait': 'let the running peer continue the download, and do not wait for its end',
  },
  async run({ words, options, open }) {
    const run = await open();
    const deadline = new Deadline(options.timeout, run.signal);
    const limited = run.with(deadline.signal);
    if (options.output === '-') return getToStdout(limited, deadline, words, options);
    const flags = flagsOf(options);
    const line = consoleLine(words.length === 1 ? 'download' : 'get', [...flags, ...words], words.length);
    return run.screen.answer(await deadline.answerOf(getToDisk(limited, deadline, { line, words, options })));
  },
};

/** The flags of the console command. */
function flagsOf({ wait, newest, other, keepGoing }: Invocation['options']): string[] {
  return [
    ...(wait === false ? ['--no-wait'] : []),
    ...(newest === true ? ['--newest'] : []),
    ...(other === undefined ? [] : [`--other=${other}`]),
    ...(keepGoing === true ? ['--keep-going'] : []),
  ];
}

/**
 * Downloads into a named place, else into the share of the running peer or `--share`, else into the working
 * directory.
 */
async function getToDisk(
  run: Run,
  deadline: Deadline,
  { line, words, options }: Pick<Invocation, 'words' | 'options'> & { readonly line: string },
): Promise<OneShotAnswer> {
  if (options.output === undefined) {
    const running = await run.runningPeer();
    if (running !== undefined) return run.inRunning(running, 'get', line);
    if (run.share !== undefined) return run.line('get', line);
  }
  const place = await placeOf(options.output ?? './', words);
  return getInto(run, { line, words, place, giveUpMs: deadline.ms, keepGoing: options.keepGoing === true });
}

/** `get … -o -`: the verified bytes to stdout, in order; nothing stays on disk. Errors go to stderr, also as JSON. */
async function getToStdout(
  run: Run,
  deadline: Deadline,
  words: readonly string[],
  { newest, other }: Invocation['options'],
): Promise<number> {
  try {
    const guest = await run.guest({ giveUpMs: deadline.ms });
    try {
      await guest.peer.networkReady(TRACKER_WAIT_MS);
      const what = words.at(-1) ?? '';
      const named = words.slice(0, -1).join(' ');
      const choice = { newest: newest === true, other };
      const from = named === '' ? undefined : named;
      for await (const piece of guest.peer.readInOrder(what, from, run.signal, choice))
        if (!(await written(piece))) break; // The reader has closed the pipe, or main reports the failure.
      return EXIT.ok;
    } finally {
      await guest.close();
    }
  } catch (failure) {
    const error = asShoalError(failure, 'DISK_FAILED');
    const answer = deadline.answer(failureAnswer('get', interruptedBy(run, error)));
    return run.screen.answer(answer, 'stderr');
  }
}

function interruptedBy(run: Run, error: ShoalError): ShoalError {
  return run.signal.aborted && error.code !== 'CANCELLED'
    ? new ShoalError('CANCELLED', 'interrupted')
    : error;
}
