import { PROTOCOL_VERSION } from '../../../../Protocol/PeerMessages.ts';

/** The side that must be updated, for a peer of another version. */
export function versionText(version: number): string {
  return version < PROTOCOL_VERSION
    ? `it runs an older Shoal (protocol ${version}), which must be updated`
    : `it runs a newer Shoal (protocol ${version}): update this one`;
}
