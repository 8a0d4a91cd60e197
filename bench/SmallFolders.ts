import { join } from 'node:path';
import type { Contender } from './Contender.ts';
import { CONTEST_COLUMNS, contestFigures, contestRows, speedRatio } from './ContestReport.ts';
import { onMedium } from './FileContest.ts';
import { writeTree } from './Files.ts';
import type { Medium } from './Places.ts';
import { atLeast, atMost, type Goal, type Report, type Table } from './Report.ts';
import { rsync } from './Rivals/Rsync.ts';
import { shoal } from './Rivals/Shoal.ts';
import { type Contest, contest } from './Turns.ts';

/** Peak memory of the receiver. */
const MIB_MAX = 200;
/** Bytes that a file of fewer takes on a medium. */
const PAGE_BYTES = 4_096;

/** A folder of files of equal size, and its goals. */
interface Tree {
  readonly medium: Medium;
  readonly files: number;
  /** Length of each file. */
  readonly bytes: number;
  readonly rivals: readonly Contender[];
  /** Rate wanted, as a multiple of rsync's. */
  readonly ratio: number;
}

/** Compares Shoal with the rivals of each folder, over loopback. */
export async function smallFolders(trees: readonly Tree[], pairs: number): Promise<Report> {
  const tables: Table[] = [];
  const goals: Goal[] = [];
  const notes: string[] = [
    'From the command to the last file. Our receiver runs already, but was just started: none of its code is compiled yet. rsync includes its start.',
  ];
  const figures: Record<string, unknown> = {};
  for (const tree of trees) {
    const name = `${tree.files} x ${tree.bytes} bytes, ${tree.medium}`;
    const result = await contestWith(tree, pairs);
    if ('reason' in result) {
      notes.push(`${name}: not measured, ${result.reason}`);
      continue;
    }
    const [, ...columns] = CONTEST_COLUMNS;
    tables.push({ columns: [name, ...columns], rows: contestRows(result) });
    const against = result.pairs.get(rsync.name);
    if (against !== undefined) {
      const rate = tree.ratio === 1 ? 'faster than' : `${tree.ratio} of`;
      goals.push(atLeast(`${rate} ${rsync.name}, ${name}`, tree.ratio, speedRatio(against).median));
    }
    const turns = [...result.pairs.values()].flat().map(({ ours }) => ours);
    const peak = Math.max(...[...turns, ...result.alone].map(({ receiverPeakMiB }) => receiverPeakMiB));
    goals.push(atMost(`peak of the receiver, MiB, below ${MIB_MAX}, ${name}`, MIB_MAX, peak, 0));
    notes.push(...result.skipped.map((text) => `${name}: without ${text}`));
    figures[name] = contestFigures(result);
  }
  return { title: 'Folders of small files', tables, goals, notes, figures };
}

function contestWith(tree: Tree, pairs: number): Promise<Contest | { reason: string }> {
  const { medium, files, bytes, rivals } = tree;
  const copies = 1 + 2 * rivals.length * pairs;
  return onMedium(medium, copies * files * Math.max(bytes, PAGE_BYTES), async (folder) => {
    console.log(`  ${files} files of ${bytes} bytes, ${medium} (${folder})`);
    const source = join(folder, 'source');
    const scene = { folder, source, name: 'tree/', files, bytes: files * bytes, seeders: 1 };
    await writeTree(join(scene.source, scene.name), files, bytes);
    const entries = rivals.map((contender) => ({ contender, scene }));
    return contest({ contender: shoal, scene }, entries, pairs);
  });
}
