import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { Log } from '../../Shared/Log.ts';
import { makeFolder } from '../../Shared/Paths/MakeFolder.ts';
import { ShoalError, systemCode } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { type Shareable, shareableFolder } from './SystemFolders.ts';

/**
 * Creates the share folder when it is missing, and warns when it holds the home folder of the user.
 * @returns whether it had to be created
 * @throws ShoalError DISK_FAILED; USAGE: it holds the system
 */
export async function makeShare(path: string, log: Log): Promise<boolean> {
  requireShareable(path);
  const isNew = await makeFolder(path).catch((failure: unknown) => {
    const isFile = systemCode(failure) === 'EEXIST';
    throw new ShoalError(
      'DISK_FAILED',
      isFile ? `${safeText(path)} is not a folder` : `the share folder ${safeText(path)} cannot be created`,
      {
        hint: isFile
          ? 'Choose a folder: --share DIR. For single files: shoal share FILE'
          : 'Choose another one: --share DIR',
        cause: failure,
      },
    );
  });
  if (requireShareable(await realpath(path)) === 'home')
    log.warn(
      `the share folder ${safeText(path)} holds your home folder: others can read every file in it that is not ` +
        'hidden. To share less: --share DIR',
    );
  return isNew;
}

function requireShareable(path: string): Shareable {
  const computer = { platform: process.platform, home: homeFolder(), windows: process.env.SystemRoot };
  const shareable = shareableFolder(path, computer);
  if (shareable !== 'system') return shareable;
  throw new ShoalError('USAGE', `${safeText(path)} holds files of the system: it is not shared`, {
    hint: 'Choose a folder with files for others: --share DIR. For single files: shoal share FILE',
  });
}

function homeFolder(): string {
  try {
    return realpathSync(homedir());
  } catch {
    return homedir();
  }
}
