import { asShoalError, type CommandForm, ShoalError } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { DownloadStatus } from '../../DownloadModel.ts';
import type { CommandCall, CommandContext } from '../Command.ts';
import type { CommandResult } from '../CommandResult.ts';
import type { DownloadAnswer, VersionChoice } from '../Ports.ts';
import { doneText, isActive, notDoneText, startedText } from '../Views/DownloadTexts.ts';
import { choiceText } from '../Views/FileViews.ts';
import { baseName, downloadItem, searchItem } from '../Views/Items.ts';
import { versionsText } from '../Views/VersionTexts.ts';
import { commandForm } from '../Views/ViewStyle.ts';

/** The version that the flags of a command choose. @throws ShoalError USAGE */
export function choiceOf({ flags, values }: CommandCall): VersionChoice {
  const other = values.get('--other');
  if (other !== undefined && !/^[0-9a-f]{4,64}$/i.test(other)) {
    throw new ShoalError(
      'USAGE',
      `--other needs the id of a version, not "${safeText(other.slice(0, 70))}"`,
      {
        hint: 'An id is 4 to 64 hexadecimal digits; a download that found several versions names them.',
      },
    );
  }
  return { newest: flags.has('--newest'), other };
}

/**
 * Downloads several files at the same time. The first failure stops further starts, except with `--keep-going`;
 * downloads that have started are waited for.
 * @param start - starts the download of one name
 */
export async function fetchAll(
  names: readonly string[],
  start: (what: string) => Promise<DownloadAnswer>,
  call: CommandCall,
  context: CommandContext,
): Promise<CommandResult> {
  const keepGoing = call.flags.has('--keep-going');
  const work: Promise<CommandResult>[] = [];
  const failures: ShoalError[] = [];
  for (const what of names) {
    try {
      const end = ended(what, await start(what), call, context);
      end.catch(() => {});
      work.push(end);
    } catch (failure) {
      if (names.length === 1 || context.signal.aborted) throw failure;
      failures.push(withSpaces(asShoalError(failure, 'CLOSED'), names));
      if (!keepGoing) break;
    }
  }
  const [only] = work;
  if (names.length === 1 && only !== undefined) return only;
  const results: CommandResult[] = [];
  for (const end of await Promise.allSettled(work)) {
    if (end.status === 'fulfilled') results.push(end.value);
    else if (context.signal.aborted) throw end.reason;
    else failures.push(asShoalError(end.reason, 'CLOSED'));
  }
  failures.push(...results.flatMap(({ failure }) => failure ?? []));
  return merged(results, failures, names.length);
}

/** Result of a request to download: the download, or a choice between several files. */
async function ended(
  what: string,
  answer: DownloadAnswer,
  call: CommandCall,
  context: CommandContext,
): Promise<CommandResult> {
  if (answer.kind === 'started') {
    const result = await waitOrWatch(answer.download, call, context);
    const { note } = answer;
    return note === undefined
      ? result
      : { ...result, text: (style) => `${safeText(note)}\n${result.text(style)}` };
  }
  const { hits, exact } = answer;
  context.remember(hits.map((hit) => hit.fileId));
  return {
    items: hits.map(searchItem),
    text: (style) => choiceText(what, hits, exact, style),
    failure: notChosen(what, answer),
  };
}

/** Adds the likeliest mistake to the error for one of several names: a name with spaces that is not in quotes. */
function withSpaces(error: ShoalError, names: readonly string[]): ShoalError {
  if (error.code !== 'NOT_FOUND') return error;
  const quotes = `A name with spaces goes in quotes: "${safeText(names.join(' '))}".`;
  const hint = (command: CommandForm) => `${error.hintFor(command) ?? ''} ${quotes}`.trimStart();
  return new ShoalError(error.code, error.message, { hint, cause: error });
}

function notChosen(what: string, { hits, exact }: Extract<DownloadAnswer, { kind: 'choose' }>): ShoalError {
  const name = safeText(what);
  if (exact)
    return new ShoalError('AMBIGUOUS', `several different files are named "${name}"`, {
      hint: (command) => `Choose one by its id: ${command('download <id>')}. Or take the newest: --newest`,
    });
  const [first] = hits;
  const similar =
    hits.length === 1 ? `one is similar: ${safeText(first?.path ?? '')}` : `${hits.length} are similar`;
  return new ShoalError('AMBIGUOUS', `no file is named "${name}"; ${similar}`, {
    hint: (command) => `Choose one by its name or id: ${command('download <name or id>')}`,
  });
}

/** One result of several; with failures, the first one and their number. */
function merged(
  results: readonly CommandResult[],
  failures: readonly ShoalError[],
  names: number,
): CommandResult {
  const [first] = failures;
  const others = failures.length > 1 ? ` (${failures.length} of ${names} names failed)` : '';
  return {
    items: results.flatMap(({ items = [] }) => items),
    text: (style) => results.map((result) => result.text(style)).join('\n'),
    ...(first === undefined
      ? {}
      : {
          failure: new ShoalError(first.code, `${first.message}${others}`, {
            hint: (command) => first.hintFor(command) ?? '',
            cause: first,
          }),
        }),
  };
}

/** Whether a command ends only when its transfer ends: by flag, else in a pipe only. */
export function waitsForEnd({ flags }: CommandCall, { interactive }: CommandContext): boolean {
  return flags.has('--wait') || !(interactive || flags.has('--no-wait'));
}

/** Waits for the end of a download, or makes the console print a line when it ends. */
export async function waitOrWatch(
  download: DownloadStatus,
  call: CommandCall,
  context: CommandContext,
): Promise<CommandResult> {
  const { number, path, state } = download;
  const { controls, signal } = context;
  if (!isActive(state) || waitsForEnd(call, context)) context.unwatch(number);
  if (!isActive(state)) return endResult(download);
  if (!waitsForEnd(call, context)) {
    context.watch(number);
    return endResult(download, startedText(download));
  }
  try {
    return endResult(await controls.downloads.finished(number, signal));
  } catch (failure) {
    if (!signal.aborted) throw failure;
    context.watch(number); // Ctrl-C ends the wait, not the download.
    throw new ShoalError('CANCELLED', `stopped waiting for ${safeText(baseName(path))}`, {
      hint: (command) =>
        `The download continues while this peer runs. To end it: ${command(`cancel ${number}`)}`,
      cause: failure,
    });
  }
}

/** @throws ShoalError the reason why the download did not complete */
function endResult(end: DownloadStatus, text = doneText(end)): CommandResult {
  const { state, error, number } = end;
  if (state === 'failed' || state === 'paused' || state === 'cancelled') {
    const next = (command: CommandForm) =>
      state === 'cancelled'
        ? `Start it again: ${command('download <file>')}`
        : `Continue: ${command(`resume ${number}`)}`;
    throw new ShoalError(error?.code ?? 'CANCELLED', notDoneText(end), {
      hint: (command) => error?.hintFor(command) ?? next(command),
      cause: error,
    });
  }
  return {
    items: [downloadItem(end)],
    text: (style) => [text, versionsText(end, commandForm(style))].filter(Boolean).join('\n'),
  };
}
