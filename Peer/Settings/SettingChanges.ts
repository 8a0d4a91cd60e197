import { LIMIT_SCOPES, type Rates } from '../../Shared/Network/Rates.ts';
import type { Settings } from './CommandLine.ts';

/** Effects of settings that were read again while the peer runs. */
export interface SettingChanges {
  /** Limits of every scope, those that are gone included. */
  readonly limits: { readonly up: Rates; readonly down: Rates };
  /** Keys of the settings whose new value holds after a restart, such as `share`. */
  readonly later: readonly string[];
}

/** Settings that take effect at once. */
const AT_ONCE = new Set<keyof Settings>(['uploadLimit', 'downloadLimit']);

/** Compares the settings of the start with those read again. */
export function readSettingsAgain(before: Settings, after: Settings): SettingChanges {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)] as (keyof Settings)[]);
  const later = [...keys].filter(
    (key) => !AT_ONCE.has(key) && JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
  return {
    limits: { up: allScopes(after.uploadLimit), down: allScopes(after.downloadLimit) },
    later: later.map(keyOf),
  };
}

/** Names every scope, so that a limit that is gone ends. */
function allScopes(rates: Rates | undefined): Rates {
  return Object.fromEntries(LIMIT_SCOPES.map((scope) => [scope, rates?.[scope]]));
}

/** The setting's key in the config file: `max-downloads` for `maxDownloads`. */
function keyOf(name: keyof Settings): string {
  return name === 'trackers' ? 'tracker' : name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
