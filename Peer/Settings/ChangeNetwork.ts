import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../Shared/Paths/MakeFolder.ts';
import { readConfigText, whyUnusable } from '../../Shared/Program/ConfigPath.ts';
import { diskCode, ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { writeWhole } from '../State/JsonFile.ts';

/** A line of the config file that sets the private network. */
const NETWORK_LINE = /^[ \t]*network[ \t]*=.*(\r?\n|$)/gim;

/**
 * Writes the private network into the config file, which only its owner can read from then on.
 * @param invite - undefined: removes it
 * @throws ShoalError USAGE when the file cannot be read, DISK_FULL, DISK_FAILED
 */
export async function changeNetwork(path: string, invite: string | undefined): Promise<void> {
  const text = await readConfigText(path);
  if (text === undefined && invite === undefined) return;
  try {
    await makeFolder(dirname(path));
    // Through a symbolic link, as users keep their config files elsewhere.
    const place = await realpath(path).catch(() => path);
    await writeWhole(place, withNetworkLine(text ?? '', invite));
  } catch (failure) {
    throw new ShoalError(
      diskCode(failure),
      `the config file ${safeText(path)} cannot be written: ${whyUnusable(failure)}`,
      {
        hint: 'SHOAL_CONFIG names another one. Or give the invite to each program: --network INVITE',
        cause: failure,
      },
    );
  }
}

/**
 * The text of a config file with another private network, all else unchanged.
 * @param invite - undefined: none, which is the open network
 */
export function withNetworkLine(text: string, invite: string | undefined): string {
  const rest = text.replace(NETWORK_LINE, '');
  if (invite === undefined) return rest;
  return `${rest === '' || rest.endsWith('\n') ? rest : `${rest}\n`}network = ${invite}\n`;
}
