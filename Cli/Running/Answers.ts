import type { OneShotAnswer } from '../../Peer/CommandInterface.ts';
import type { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { EXIT, exitCodeOf } from './ExitCodes.ts';

/** Version of the JSON envelope, the same as in the console (docs/reference/commands.md). */
const VERSION = 1;

/** Answer of a command that failed before a peer could run it. */
export function failureAnswer(command: string, { code, message, hint }: ShoalError): OneShotAnswer {
  const error = { code, message, hint: hint ?? null };
  return { error, partly: false, json: envelope(command, { ok: false, error }), text: '' };
}

export function successAnswer(command: string, facts: object, text: string): OneShotAnswer {
  return { error: undefined, partly: false, json: envelope(command, { ok: true, ...facts }), text };
}

/** Answer with facts, of which some may be what makes it a failure. */
export function checkedAnswer(
  command: string,
  facts: object,
  text: string,
  failure: ShoalError | undefined,
): OneShotAnswer {
  if (failure === undefined) return successAnswer(command, facts, text);
  const error = { code: failure.code, message: failure.message, hint: failure.hint ?? null };
  return { error, partly: false, json: envelope(command, { ok: false, ...facts, error }), text };
}

export function exitCodeOfAnswer({ error, partly }: OneShotAnswer): number {
  if (error === undefined) return EXIT.ok;
  return partly ? EXIT.partly : exitCodeOf(error.code);
}

/** Reads an answer from a running peer, perhaps of another version: missing fields are empty. */
export function readAnswer(value: Readonly<Record<string, unknown>>): OneShotAnswer {
  const { error, partly, json, text } = value;
  return {
    error: isRecord(error)
      ? {
          code: String(error.code),
          message: String(error.message),
          hint: typeof error.hint === 'string' ? error.hint : null,
        }
      : undefined,
    partly: partly === true,
    json: typeof json === 'string' ? json : '{}',
    text: typeof text === 'string' ? text : '',
  };
}

/** Replaces the paths in an answer of which the results were moved. @param moved - new paths by old ones */
export function movedAnswer(answer: OneShotAnswer, moved: ReadonlyMap<string, string>): OneShotAnswer {
  if (moved.size === 0) return answer;
  const value = JSON.parse(answer.json) as { items?: readonly { path?: unknown }[] };
  const items = value.items?.map((item) =>
    typeof item.path === 'string' ? { ...item, path: moved.get(item.path) ?? item.path } : item,
  );
  let { text } = answer;
  for (const [from, to] of moved) text = text.replaceAll(safeText(from), safeText(to));
  return { ...answer, json: JSON.stringify({ ...value, items }), text };
}

/** Absolute paths of the complete items. */
export function pathsOf(answer: OneShotAnswer): readonly string[] {
  const { items = [] } = JSON.parse(answer.json) as {
    items?: readonly { path?: unknown; state?: unknown }[];
  };
  return items.flatMap(({ path, state }) => (typeof path === 'string' && state === 'done' ? [path] : []));
}

function envelope(command: string, facts: object): string {
  return JSON.stringify({ version: VERSION, command, ...facts });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
