import { ShoalError } from '../../../Shared/ShoalError.ts';
import { envelopeJson } from '../../../Shared/Text/Envelope.ts';
import type { Denial } from '../Access/Guard.ts';

/** The JSON envelope of a failure. */
export function failureJson(command: string, code: string, message: string, hint: string): string {
  return envelopeJson(command, {}, { code, message, hint });
}

/** A failure as guests see it: messages about the disk name folders of its user. */
export function guestFailure(error: ShoalError): ShoalError {
  if (error.code !== 'DISK_FAILED') return error;
  return new ShoalError(error.code, 'the disk of this peer failed', {
    hint: (command) => `Ask its owner to run: ${command('doctor')}`,
  });
}

/** The envelope of a refused request. */
export function denialJson({ status, message, hint }: Denial): string {
  return failureJson('', DENIAL_CODES[status], message, hint);
}

const DENIAL_CODES: Readonly<Record<Denial['status'], string>> = {
  400: 'USAGE',
  401: 'NO_TOKEN',
  403: 'REFUSED',
  405: 'USAGE',
  411: 'USAGE',
  413: 'TOO_LARGE',
  415: 'USAGE',
  429: 'BUSY',
};

export type HttpStatus = 200 | 400 | 403 | 404 | 408 | 409 | 500 | 502 | 503 | 504 | 507;

const STATUS: Readonly<Record<string, HttpStatus>> = {
  UNHEALTHY: 200,
  USAGE: 400,
  REFUSED: 403,
  NOT_FOUND: 404,
  AMBIGUOUS: 409,
  FILE_CHANGED: 409,
  LOCAL_CONFLICT: 409,
  UNREACHABLE: 502,
  INTEGRITY: 502,
  BAD_FRAME: 502,
  NO_TRACKER: 503,
  CANCELLED: 503,
  CLOSED: 503,
  BUSY: 503,
  TIMEOUT: 504,
  DISK_FULL: 507,
};

/** HTTP status of an error of the peer. */
export function statusOf(error: { readonly code: string } | undefined): HttpStatus {
  return error === undefined ? 200 : (STATUS[error.code] ?? 500);
}
