import type { OneShotAnswer } from '../../Peer/CommandInterface.ts';
import type { ShoalError } from '../../Shared/ShoalError.ts';
import { envelopeJson, errorItem } from '../../Shared/Text/Envelope.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { EXIT, exitCodeOf } from './ExitCodes.ts';

/** Answer of a command that failed before a peer could run it. */
export function failureAnswer(command: string, failure: ShoalError): OneShotAnswer {
  return factsAnswer(command, {}, '', failure);
}

/** Answer with facts. @param failure - what some of them mean; undefined: the command succeeded */
export function factsAnswer(
  command: string,
  facts: object,
  text: string,
  failure?: ShoalError,
): OneShotAnswer {
  const json = envelopeJson(command, facts, failure);
  return { error: failure && errorItem(failure), partly: false, json, text };
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

/** Adds a sentence to the hint of an answer that failed. */
export function advisedAnswer(answer: OneShotAnswer, advice: string): OneShotAnswer {
  if (answer.error === undefined) return answer;
  const hint = [answer.error.hint?.replace(/\.$/, ''), advice].filter(Boolean).join('. ');
  const error = { ...answer.error, hint };
  return { ...answer, error, json: JSON.stringify({ ...JSON.parse(answer.json), error }) };
}

/** Absolute paths of the complete items. */
export function pathsOf(answer: OneShotAnswer): readonly string[] {
  const { items = [] } = JSON.parse(answer.json) as {
    items?: readonly { path?: unknown; state?: unknown }[];
  };
  return items.flatMap(({ path, state }) => (typeof path === 'string' && state === 'done' ? [path] : []));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
