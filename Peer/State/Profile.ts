import { NAME_BYTES_MAX } from '../../Protocol/Limits.ts';
import type { StateFolder } from './StateFolder.ts';

export const PROFILE_FILE = 'profile.json';
/** Lower ports belong to system services. */
const PORT_MIN = 1_024;

/** Name and port of the last run; undefined: none. */
export interface Profile {
  readonly name: string | undefined;
  /** TCP port: the next run takes it again, see `formerPorts`. */
  readonly port: number | undefined;
}

/** Loads the profile; invalid fields read as undefined. */
export async function loadProfile(folder: StateFolder): Promise<Profile> {
  const { name, port } = await folder.read(PROFILE_FILE);
  return { name: isName(name) ? name : undefined, port: isPort(port) ? port : undefined };
}

/** @throws Error of node:fs */
export function saveProfile(folder: StateFolder, profile: Profile): Promise<void> {
  return folder.write(PROFILE_FILE, profile);
}

/** A name cut to NAME_BYTES_MAX, between two characters. */
export function fittingName(name: string): string {
  return Buffer.from(name)
    .subarray(0, NAME_BYTES_MAX)
    .toString()
    .replace(/\uFFFD+$/, '');
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= NAME_BYTES_MAX;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= PORT_MIN && value <= 65_535;
}
