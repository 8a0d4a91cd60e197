import { open } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { safeText } from '../../Shared/SafeText.ts';
import { ShoalError, systemCode } from '../../Shared/ShoalError.ts';

/** Upper bound on the file size, far above any real config file: other files are not read into memory. */
const BYTES_MAX = 64 * 1_024;

/** Path of the config file: SHOAL_CONFIG, or `shoal.conf` in the platform's config directory. */
export function configPath(environment: Readonly<Record<string, string | undefined>>): string {
  return environment.SHOAL_CONFIG || join(envPaths('shoal', { suffix: '' }).config, 'shoal.conf');
}

/** Reads the config file; undefined: it does not exist. @throws ShoalError USAGE when it cannot be read */
export async function readConfigText(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(BYTES_MAX + 1), 0, BYTES_MAX + 1, 0);
      if (bytesRead > BYTES_MAX) throw new Error(`it is larger than ${BYTES_MAX / 1_024} KiB`);
      return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (failure) {
    if (systemCode(failure) === 'ENOENT' || systemCode(failure) === 'ENOTDIR') return undefined;
    throw new ShoalError('USAGE', `the config file ${safeText(path)} cannot be read: ${why(failure)}`, {
      hint: 'It has to be a text file of yours with a key = value a line; SHOAL_CONFIG names another one.',
      cause: failure,
    });
  }
}

function why(failure: unknown): string {
  const code = systemCode(failure);
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is no UTF-8 text';
  return safeText(failure instanceof Error ? failure.message : String(failure));
}
