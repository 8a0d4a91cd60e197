import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PeerId } from '../../Protocol/Ids.ts';
import { peerIdOf } from '../../Protocol/PeerKey.ts';
import type { Log } from '../../Shared/Log.ts';
import { systemCode } from '../../Shared/ShoalError.ts';
import { moveAside, writeWhole } from './JsonFile.ts';

const FILE = 'identity.pem';

/** Permanent identity of this peer. */
export interface Identity {
  readonly peerId: PeerId;
  /** Ed25519. */
  readonly privateKey: KeyObject;
}

/**
 * Loads the key from a state folder, or creates one. A damaged key is reported, moved aside and replaced: the peer
 * gets a new id.
 * @throws Error of node:fs when the file cannot be read, or a damaged one not be moved
 */
export async function loadIdentity(stateFolder: string, log: Log): Promise<Identity> {
  const path = join(stateFolder, FILE);
  const pem = await readKey(path);
  if (pem === undefined) return makeIdentity(path, log);
  const privateKey = parseKey(pem);
  if (privateKey !== undefined) {
    await chmod(path, 0o600).catch((failure) => log.debug(`the mode of ${path} cannot be set: ${failure}`));
    return { peerId: peerIdOf(privateKey), privateKey };
  }
  const aside = await moveAside(path);
  log.warn(`The key of this peer is damaged. It is now at ${aside}, and this peer gets a new id.`);
  return makeIdentity(path, log);
}

/** A key that cannot be stored is used for this run. */
async function makeIdentity(path: string, log: Log): Promise<Identity> {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    await writeWhole(path, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  } catch (failure) {
    log.warn(
      `the key of this peer cannot be stored (${systemCode(failure) ?? failure}): its id is for this run only`,
    );
  }
  return { peerId: peerIdOf(privateKey), privateKey };
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (failure) {
    if (systemCode(failure) === 'ENOENT') return undefined;
    if (systemCode(failure) === 'EISDIR') return ''; // Damaged, too.
    throw failure;
  }
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
