import type { RefusalCode } from '../../../Protocol/PeerMessages.ts';
import { asShoalError } from '../../../Shared/ShoalError.ts';

/** What a stranger is told of a failure here. */
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
