import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Machine, machineText } from './Machine.ts';
import { markdown, type Report } from './Report.ts';
import type { Settings } from './Settings.ts';

const RESULTS = new URL('../../bench/results/', import.meta.url);
const DOCUMENT = new URL('../../docs/contributing/performance.md', import.meta.url);

/**
 * Stores a report as JSON in bench/results (not in git), and that of a whole run as a section of
 * docs/contributing/performance.md.
 */
export async function keep(name: string, report: Report, facts: Machine, settings: Settings): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const json = { question: name, machine: facts, settings, ...report };
  const path = new URL(`${name}.json`, RESULTS);
  await writeFile(path, `${JSON.stringify(json, null, 2)}\n`);
  console.log(`  all figures: ${fileURLToPath(path)}`);
  if (settings.quick) return;
  const text = await readFile(DOCUMENT, 'utf8').catch(() => '');
  await writeFile(DOCUMENT, withSection(text, name, `${markdown(report)}\n\n${machineText(facts)}`));
}

/**
 * Replaces the text between `<!-- bench:name -->` and `<!-- /bench:name -->`, and leaves all other text alone.
 * Without these marks the section is appended, with its name as heading.
 */
export function withSection(document: string, name: string, section: string): string {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  const marked = `${begin}\n\n${section}\n\n${end}`;
  if (from >= 0 && to > from) return document.slice(0, from) + marked + document.slice(to + end.length);
  return `${document.trimEnd()}\n\n## ${name}\n\n${marked}\n`;
}
