import type { RefusalCode } from '../../../../Protocol/PeerMessages.ts';
import { asShoalError } from '../../../../Shared/ShoalError.ts';

/** Maps an internal failure to the code that a remote peer may see. */
export function refusalOf(failure: unknown): RefusalCode {
  switch (asShoalError(failure, 'DISK_FAILED').code) {
    case 'NOT_FOUND':
      return 'not-found';
    case 'FILE_CHANGED':
      return 'changed';
    default:
      return 'failed';
  }
}
