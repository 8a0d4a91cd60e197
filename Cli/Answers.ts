import type { OneShotAnswer } from '../Peer/CommandInterface.ts';
import type { ShoalError } from '../Shared/ShoalError.ts';
import { EXIT, exitCodeOf } from './ExitCodes.ts';

/** Version of the JSON envelope: the same as the console's. docs/reference/commands.md describes it. */
const VERSION = 1;

/** The answer of a command that failed before a peer could run it. */
export function failureAnswer(command: string, { code, message, hint }: ShoalError): OneShotAnswer {
  const error = { code, message, hint: hint ?? null };
  return { error, partly: false, json: envelope(command, { ok: false, error }), text: '' };
}

export function successAnswer(command: string, facts: object, text: string): OneShotAnswer {
  return { error: undefined, partly: false, json: envelope(command, { ok: true, ...facts }), text };
}

export function exitCodeOfAnswer({ error, partly }: OneShotAnswer): number {
  if (error === undefined) return EXIT.ok;
  return partly ? EXIT.partly : exitCodeOf(error.code);
}

/** An answer as a running peer sent it; what is missing reads as nothing. */
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

/**
 * The answer of a download whose result was moved: with the new place.
 * @param shown - both places as the text shows them
 */
export function movedAnswer(
  answer: OneShotAnswer,
  path: string,
  shown: { from: string; to: string },
): OneShotAnswer {
  const value: unknown = JSON.parse(answer.json);
  const { items } = value as { items: readonly object[] };
  const moved = items.map((item) => ({ ...item, path }));
  return {
    ...answer,
    json: JSON.stringify({ ...(value as object), items: moved }),
    text: answer.text.replace(shown.from, shown.to),
  };
}

/** Where the first item of an answer lies; undefined: it has none. */
export function pathOf(answer: OneShotAnswer): string | undefined {
  const { items } = JSON.parse(answer.json) as { items?: readonly { path?: unknown }[] };
  const path = items?.[0]?.path;
  return typeof path === 'string' ? path : undefined;
}

function envelope(command: string, facts: object): string {
  return JSON.stringify({ version: VERSION, command, ...facts });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
