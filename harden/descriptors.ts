import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { removeFolder, temporaryFolder } from '../bench/Places.ts';
import type { ChurnFindings } from './Descriptors/Churn.ts';
import type { Figure, TrialSettings } from './Trial.ts';

const LOAD = fileURLToPath(new URL('./Descriptors/main.js', import.meta.url));
const execute = promisify(execFile);

/**
 * Connections are opened and closed while the pump sends to them or they are read, with and without enough
 * descriptors.
 */
export async function run({ short, seed }: TrialSettings): Promise<readonly Figure[]> {
  if (process.platform !== 'linux')
    return [{ name: 'skipped: sendfile is used on Linux only', value: '', met: true }];
  const seconds = short ? 2 : 60;
  const figures: Figure[] = [];
  for (const limit of [undefined, 256]) {
    const found = await churn(seed, seconds, limit);
    const under = limit === undefined ? '' : `, ulimit -n ${limit}`;
    const none = (name: string, value: number) => ({
      name: `${name}${under}`,
      value: String(value),
      wanted: '0',
      met: value === 0,
    });
    const amount = `${found.connections} connections, ${found.jobs} jobs, ${found.copies} copies, ${found.takenOver} taken over`;
    figures.push(
      {
        name: `load${under}`,
        value: `${amount}, ${(found.bytes / 1e9).toFixed(1)} GB`,
        met: found.jobs > 100 && found.takenOver > 20,
      },
      none('bytes at a wrong connection', found.wrongBytes),
      none('descriptors left open', found.leaked),
      none('jobs without an end', found.hanging),
    );
  }
  return figures;
}

async function churn(seed: number, seconds: number, limit: number | undefined): Promise<ChurnFindings> {
  const folder = await temporaryFolder(tmpdir());
  try {
    const limited = limit === undefined ? '' : `ulimit -n ${limit}; `;
    const words = [process.execPath, LOAD, folder, String(seed), String(seconds)];
    const { stdout } = await execute('sh', ['-c', `${limited}exec "$@"`, 'sh', ...words]);
    return JSON.parse(stdout) as ChurnFindings;
  } finally {
    await removeFolder(folder);
  }
}
