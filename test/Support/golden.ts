import { readFileSync } from 'node:fs';

/**
 * Reads `test/Golden/<name>.hex`: sections `[title]`, each with bytes in hex; `#` begins a comment.
 * @returns the bytes of each section by its title
 */
export function readGolden(name: string): Map<string, Buffer> {
  const text = readFileSync(new URL(`../Golden/${name}.hex`, import.meta.url), 'utf8');
  const sections = new Map<string, Buffer>();
  for (const section of text.split(/^\[/m).slice(1)) {
    const [title = '', ...lines] = section.split(/\]?\n/);
    const hex = lines.map((line) => line.replace(/#.*/, '').replaceAll(' ', '')).join('');
    if (!/^([0-9a-f]{2})*$/.test(hex)) throw new Error(`[${title}] of ${name} is not hex`);
    if (sections.has(title)) throw new Error(`[${title}] is twice in ${name}`);
    sections.set(title, Buffer.from(hex, 'hex'));
  }
  return sections;
}
