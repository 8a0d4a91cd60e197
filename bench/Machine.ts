import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { networkText } from './Network.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Machine and version to which the figures belong. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly network: string;
  /** Short hash, followed by "+" when files have changed since. */
  readonly commit: string;
  readonly date: string;
}

export function machine(): Machine {
  const [first] = cpus();
  return {
    processor: (first?.model ?? 'unknown').trim(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    network: networkText(),
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}

export function machineText(facts: Machine): string {
  const { processor, cores, memoryGiB, system, node, network, commit: hash, date } = facts;
  return `${date}, commit ${hash}: ${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}, ${network}`;
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', ROOT, ...args], { stdio: 'pipe' })
      .toString()
      .trim();
  try {
    const changed = git(
      'status',
      '--porcelain',
      '--untracked-files=no',
      '--',
      '*.ts',
      '*.js',
      'package.json',
    );
    return git('rev-parse', '--short', 'HEAD') + (changed === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}
