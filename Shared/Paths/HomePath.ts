import { homedir } from 'node:os';

/** Replaces a leading `~` by the home of the user, as shells do: `~/Films`. Other paths stay as they are. */
export function homePath(path: string): string {
  return path.replace(/^~(?=\/|$)/, () => homedir());
}
