import type { SeededRandom } from '../../Shared/SeededRandom.ts';

/** Requests whose address tries to leave the share, or to reach files that are not served. */

/** Ways to write `../`, one step up. */
const UP = [
  '../',
  '..\\',
  '%2e%2e/',
  '%2e%2e%2f',
  '..%2f',
  '..%5c',
  '%2e%2e%5c',
  '.%2e/',
  '%252e%252e%252f',
  '..%252f',
  '%c0%ae%c0%ae/',
  '..%c0%af',
  '%e0%80%ae%e0%80%ae/',
  '..%00/',
  '.../',
  '....//',
  '..;/',
  './../',
  '%u002e%u002e/',
  '\u2025/',
  '..%ef%bc%8f',
  '.%0d./',
];
const BASES = [
  '/files/',
  '/files/folder/',
  '/files//',
  '/',
  '/assets/',
  '/network/',
  '/by-id/',
  '/s/',
  `/network/${'ab'.repeat(32)}/`,
  `/s/${'A'.repeat(22)}/`,
  '/drop/',
  '/api/v1/../../files/',
  '/api/v1/ls?folder=',
  '/api/v1/ls?peer=seeder&folder=',
  '/api/v1/search?q=',
  '/files/?format=zip&',
];
/** Files beside the share, in it but not shared, and of the system. */
const TARGETS = [
  'secret.txt',
  'share/.hidden/secret.txt',
  '.hidden/secret.txt',
  'link.txt',
  'linked/secret.txt',
  'Temp/secret.txt',
  'home/state/shoal/identity.json',
  'etc/passwd',
  'etc/passwd%00.txt',
  'proc/self/environ',
  'proc/self/fd/0',
  'windows/win.ini',
  'CON',
  'secret.txt::$DATA',
];
const ABSOLUTE = ['/etc/passwd', '//etc/passwd', 'file:///etc/passwd', 'C:/windows/win.ini', '\\\\host\\c$'];
const QUERIES = ['', '', '', '?format=zip', '?format=tar', '?download', '#x', '?x=%00', '?'];

/** A path that must stay in the share. */
export function hostilePath(random: SeededRandom): string {
  const base = pick(random, BASES);
  const query = pick(random, QUERIES);
  if (random.int(0, 9) === 0) return `${base}${pick(random, ABSOLUTE)}${query}`;
  let steps = '';
  for (let depth = random.int(0, 8); depth > 0; depth--) steps += pick(random, UP);
  const path = `${base}${steps}${pick(random, TARGETS)}`;
  return `${random.int(0, 5) === 0 ? reencoded(random, path) : path}${query}`;
}

/** Encodes some characters once more. */
function reencoded(random: SeededRandom, path: string): string {
  return [...path]
    .map((char) =>
      random.int(0, 3) === 0 && char.charCodeAt(0) < 128
        ? `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`
        : char,
    )
    .join('');
}

export function pick<T>(random: SeededRandom, choices: readonly T[]): T {
  const choice = choices[random.int(0, choices.length - 1)];
  if (choice === undefined) throw new RangeError('nothing to choose from');
  return choice;
}
