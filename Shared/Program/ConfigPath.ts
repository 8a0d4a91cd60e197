import { chmod, constants, open } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { diskCode, ShoalError, systemCode } from '../ShoalError.ts';
import { safeText } from '../Text/SafeText.ts';
import { type ConfigFile, parseConfig } from './ConfigLines.ts';

/** Upper bound on the file size, far above any real config file: other files are not read into memory. */
const BYTES_MAX = 64 * 1_024;

/** The config file of this program run. `config` undefined: it does not exist. */
export interface LoadedConfig {
  readonly path: string;
  readonly config: ConfigFile | undefined;
}

/**
 * Reads the config file: the one that SHOAL_CONFIG names, or `shoal.conf` in the platform's config directory, which may
 * be missing.
 * @throws ShoalError USAGE when it cannot be read or parsed, or the named one does not exist
 */
export async function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<LoadedConfig> {
  const { SHOAL_CONFIG: named } = environment;
  const path = named || join(envPaths('shoal', { suffix: '' }).config, 'shoal.conf');
  const text = await readConfigText(path);
  if (text === undefined && named) {
    throw new ShoalError(
      'USAGE',
      `the config file ${safeText(path)} that SHOAL_CONFIG names does not exist`,
      {
        hint: 'Correct the path, or unset SHOAL_CONFIG.',
      },
    );
  }
  const config = text === undefined ? undefined : parseConfig(text, path);
  // An invite is a secret. A file of another owner stays as it is.
  if (config?.lines.some(({ key }) => key === 'network')) await chmod(path, 0o600).catch(() => {});
  return { path, config };
}

/** Reads a config file; undefined: it does not exist. @throws ShoalError USAGE when it cannot be read */
export async function readConfigText(path: string): Promise<string | undefined> {
  try {
    // A pipe without a writer would block the program.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      if ((await file.stat()).isFIFO()) throw new Error('it is a pipe');
      const { bytesRead, buffer } = await file.read(Buffer.alloc(BYTES_MAX + 1), 0, BYTES_MAX + 1, 0);
      if (bytesRead > BYTES_MAX) throw new Error(`it is larger than ${BYTES_MAX / 1_024} KiB`);
      return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (failure) {
    if (systemCode(failure) === 'ENOENT' || systemCode(failure) === 'ENOTDIR') return undefined;
    throw new ShoalError(
      'USAGE',
      `the config file ${safeText(path)} cannot be read: ${whyUnusable(failure)}`,
      {
        hint: 'It must be a readable text file with lines like key = value; SHOAL_CONFIG names another one.',
        cause: failure,
      },
    );
  }
}

export function whyUnusable(failure: unknown): string {
  const code = systemCode(failure);
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'permission denied';
  if (diskCode(failure) === 'DISK_FULL') return 'the disk is full';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is no UTF-8 text';
  return safeText(failure instanceof Error ? failure.message : String(failure));
}
