import { TRACKER_PORT } from '../../Protocol/Limits.ts';
import { type Address, parseHostPort, readPort } from '../../Shared/Network/Address.ts';
import { homePath } from '../../Shared/Paths/HomePath.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { readRates } from '../Commands/Line/RateText.ts';
import type { PortRange } from '../Network/Links/Accepting/ReservedPort.ts';
import type { AcceptPolicy } from '../PushManager.ts';
import type { WebLevel } from '../WebManager.ts';

/** Readers of the values of options. Each throws ShoalError USAGE with an example. */

export type HttpLevel = 'off' | WebLevel;

export function readRelayLimit(text: string): number {
  const { total } = readRates(text, undefined);
  if (total !== undefined) return total;
  throw new ShoalError('USAGE', `"${text}" is not a rate for a relay`, {
    hint: 'One rate in bytes a second, like --relay-limit 4M. Without --relay nothing is relayed.',
  });
}

export function readMaxDownloads(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1) return count;
  throw new ShoalError('USAGE', `"${text}" is not a number of downloads`, {
    hint: 'It is 1 to 9999, like --max-downloads 1.',
  });
}

export function readAccept(text: string): AcceptPolicy {
  const policies: readonly AcceptPolicy[] = ['all', 'known', 'none', 'ask'];
  const policy = policies.find((each) => each === text.trim().toLowerCase());
  if (policy !== undefined) return policy;
  throw new ShoalError('USAGE', `"${text}" is not a rule for pushes`, {
    hint: `It is one of ${policies.join(', ')}, like --accept known.`,
  });
}

export function readHttp(text: string): HttpLevel {
  const levels: readonly HttpLevel[] = ['read', 'drop', 'off'];
  const level = levels.find((each) => each === text.trim().toLowerCase());
  if (level !== undefined) return level;
  throw new ShoalError('USAGE', `"${text}" is not a level of access over HTTP`, {
    hint: `It is one of ${levels.join(', ')}, like --http read.`,
  });
}

export function readPortChoice(text: string): number | 'assigned' {
  return text.toLowerCase() === 'assigned' ? 'assigned' : readPort(text);
}

/** Parses `60000-61000`. */
export function readPortRange(text: string): PortRange {
  const [, first = '', last = ''] = /^(\d{1,6})-(\d{1,6})$/.exec(text) ?? [];
  if (first === '') {
    throw new ShoalError('USAGE', `"${text}" is not a range of ports`, {
      hint: 'Write the first and the last one, like 60000-61000.',
    });
  }
  const range = { first: readPort(first), last: readPort(last) };
  if (range.first <= range.last) return range;
  throw new ShoalError('USAGE', `the range ${text} is the wrong way round`, {
    hint: `The lower port comes first: ${last}-${first}`,
  });
}

/**
 * Parses a port or a tracker; text that looks like an address is a tracker: `192.0.2.7`, `host.example`,
 * `localhost`, `host:1099`.
 */
export function readPortOrTracker(text: string): number | Address {
  return /[.:]/.test(text) || text.toLowerCase() === 'localhost' ? readTracker(text) : readPort(text);
}

export function readTracker(text: string): Address {
  refuseFlag(text, 'an address of a tracker');
  return parseHostPort(text, TRACKER_PORT);
}

/** A leading `~/` is the home of the user also in config files, and behind `--share=`, where shells leave it. */
export function readPath(text: string): string {
  refuseFlag(text, 'a path');
  // Node puts U+FFFD in place of bytes that are no UTF-8: the path would be another one.
  if (text.includes('\ufffd'))
    throw new ShoalError('USAGE', `the path ${text} is not valid UTF-8`, {
      hint: 'Rename the file or folder: mv -i OLD NEW',
    });
  if (text.trim() !== '') return homePath(text);
  throw new ShoalError('USAGE', 'the path is empty', { hint: 'Write . for the current folder.' });
}

/** `--share --verbose` lacks a value: the next flag is none. */
function refuseFlag(text: string, what: string): void {
  if (!text.startsWith('-')) return;
  throw new ShoalError('USAGE', `${what} is missing before ${text}`, {
    hint:
      what === 'a path' ? `For a file or folder of that name write ./${text}` : 'Give it after its option.',
  });
}

export function readName(text: string): string {
  refuseFlag(text, 'a name');
  const name = text.trim();
  if (/[\p{Cc}\ufffd]/u.test(name))
    throw new ShoalError('USAGE', 'a name has no control characters, and is valid UTF-8', {
      hint: 'Choose another one, like --name studio',
    });
  if (name !== '' && Buffer.byteLength(name) <= 64) return name;
  throw new ShoalError('USAGE', 'a name has 1 to 64 bytes', {
    hint: 'Choose a shorter one, like --name studio',
  });
}
