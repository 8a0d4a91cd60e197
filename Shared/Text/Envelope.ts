/** Version of the JSON envelope (docs/reference/json.md). */
const VERSION = 1;

/** Why a command failed. */
export interface FailureFacts {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | null | undefined;
}

/** The JSON envelope of an answer, one line. @param failure - undefined: the command succeeded */
export function envelopeJson(command: string, facts: object, failure?: FailureFacts): string {
  const head = { version: VERSION, command, ok: failure === undefined };
  return JSON.stringify({ ...head, ...facts, ...(failure && { error: errorItem(failure) }) });
}

/** The field `error` of the envelope. */
export function errorItem({ code, message, hint }: FailureFacts) {
  return { code, message, hint: hint ?? null };
}
