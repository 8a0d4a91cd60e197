import type { Context } from 'hono';
import { failureJson, type HttpStatus, statusOf } from '../Api/Envelope.ts';

/** Why a request for a file is not answered. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** The answer to a request that is refused, with the JSON envelope. @param command - name in the envelope */
export function refusal(
  c: Context,
  command: string,
  { code, message, hint }: Refusal,
  status: HttpStatus | 429 = statusOf({ code }),
): Response {
  if (status === 503 || status === 429) c.header('Retry-After', '5');
  c.header('Content-Type', 'application/json; charset=utf-8');
  c.header('Cache-Control', 'no-store');
  return c.body(`${failureJson(command, code, message, hint)}\n`, status);
}

/** The answer to a client over its limit of requests. */
export function tooManyRequests(c: Context, command: string): Response {
  return refusal(c, command, { code: 'BUSY', message: 'too many requests', hint: 'Wait a second.' }, 429);
}
