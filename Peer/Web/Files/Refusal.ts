import { asShoalError, type ErrorCode } from '../../../Shared/ShoalError.ts';
import { failureJson, guestFailure, type HttpStatus, statusOf } from '../Api/Envelope.ts';
import type { WebCall } from '../Ports.ts';

/** Refusals of requests to one address. */
export interface RefusalStyle {
  /** Name in the JSON envelope. */
  readonly command: string;
  /** Code of failures that have none. */
  readonly code: ErrorCode;
  /** Hint of failures that have none. */
  readonly hint: string;
}

/** The answer of `work`, or its failure with the JSON envelope. */
export async function answering(
  c: WebCall,
  { command, code: fallback, hint: usual }: RefusalStyle,
  work: () => Promise<Response>,
): Promise<Response> {
  try {
    return await work();
  } catch (failure) {
    const { code, message, hint = usual } = guestFailure(asShoalError(failure, fallback));
    return refusal(c, statusOf({ code }), failureJson(command, code, message, hint));
  }
}

/** The answer to a client over its limit of requests. */
export function tooManyRequests(c: WebCall, { command }: RefusalStyle): Response {
  return refusal(c, 429, failureJson(command, 'BUSY', 'too many requests', 'Wait a second.'));
}

function refusal(c: WebCall, status: HttpStatus | 429, json: string): Response {
  if (status === 503 || status === 429) c.header('Retry-After', '5');
  c.header('Content-Type', 'application/json; charset=utf-8');
  c.header('Cache-Control', 'no-store');
  return c.body(`${json}\n`, status);
}
