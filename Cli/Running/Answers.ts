import type { OneShotAnswer } from '../../Peer/CommandInterface.ts';
import type { ShoalError } from '../../Shared/ShoalError.ts';
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

/**
 * Replaces the path in the answer of a download whose result was moved.
 * @param shown - both paths as in the text
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

/** Path of the first item; undefined without one. */
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
