import { UnitScheduler } from '../../Peer/Downloads/Picking/UnitScheduler.ts';
import { chunkUnits } from '../../Peer/Downloads/Picking/Units.ts';
import { Catalog } from '../../Peer/Files/Catalog/Catalog.ts';
import { CatalogMatch } from '../../Peer/Files/Catalog/CatalogMatch.ts';
import { type FileState, fileState } from '../../Peer/Files/Disk/FileState.ts';
import { Bitfield } from '../../Protocol/Bitfield.ts';
import { chunkLayout } from '../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import { SeededRandom } from '../../Shared/SeededRandom.ts';

const FILES = 100_000;
const CHUNKS = 1_048_576;
const PICKS = 10_000;
const LISTINGS = 50;
/** The least of these rounds counts: other work on the machine only adds. */
const ROUNDS = 3;

/**
 * CPU of decisions on large inputs, in milliseconds, by the names of Limits.ts. Each catches a scan where a lookup is
 * due.
 */
export function scaleFigures(): Record<string, number> {
  const catalog = new Catalog();
  for (let n = 0; n < FILES; n++)
    catalog.put(pathOf(n), stateOf(n), n.toString(16).padStart(64, '0') as FileId);
  catalog.list('');
  const match = new CatalogMatch(catalog, () => []);
  match.matching({ words: 'file', fileId: undefined }); // Builds the text of the paths.
  let removed = 0;
  return {
    'CPU ms of a search in 100,000 files': leastMs(() =>
      match.matching({ words: `file ${FILES / 2 + removed}`, fileId: undefined }),
    ),
    'CPU ms of a listing of 100,000 files after a change':
      leastMs(() => {
        for (let n = 0; n < LISTINGS; n++) {
          catalog.remove(pathOf(removed++));
          catalog.list('');
        }
      }) / LISTINGS,
    'CPU ms of 10,000 picks in a million chunks': leastMs(pickChunks),
  };
}

function pathOf(n: number): string {
  return `folder ${n % 1_000}/file ${n}`;
}

function stateOf(n: number): FileState {
  return fileState({ dev: 1n, ino: BigInt(n), size: BigInt(n + 1), mtimeNs: 1_000n, ctimeNs: 1_000n });
}

function pickChunks(): void {
  const plan = new UnitScheduler<string>({
    swarms: true,
    units: chunkUnits(chunkLayout(CHUNKS * 16 * 2 ** 20)),
    verified: new Bitfield(CHUNKS),
    order: 'any',
    random: new SeededRandom(1).next,
    paceOf: () => ({ bytesPerSecond: 1e6, waiting: false }),
  });
  plan.join('a', undefined);
  for (let turn = 0; turn < PICKS; turn++) {
    const task = plan.next('a', 0);
    if (task !== undefined) plan.verified(task.request, 0);
  }
}

function leastMs(work: () => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000;
  });
  return Math.min(...rounds);
}
