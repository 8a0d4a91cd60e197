import { join } from 'node:path';
import { makeFolder } from '../Shared/Paths/MakeFolder.ts';
import { DemoProgram } from './DemoProgram.ts';

/** A download in the output of `downloads --json`; only the fields used here. */
export interface DemoDownload {
  readonly state: string;
  readonly size: number;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  readonly tookMs: number | null;
  readonly error: { readonly message: string } | null;
  readonly sources: readonly { readonly name: string; readonly bytes: number }[];
}

export interface DemoHit {
  readonly size: number;
  readonly sources: readonly { readonly complete: boolean }[];
}

/** A push in the output of `send --json`. */
export interface DemoPush {
  readonly state: string;
  readonly chunks: number;
  readonly confirmed: number;
}

interface Answer {
  readonly ok: boolean;
  readonly items?: readonly unknown[];
  readonly port?: number;
  readonly address?: unknown;
  readonly error?: { readonly message: string; readonly hint: string | null };
}

/** One peer of the demo: the real program with a home of its own, controlled through its console. */
export class DemoPeer {
  readonly name: string;
  readonly share: string;
  readonly #home: string;
  #program: DemoProgram | undefined;
  /** The last command: commands run one at a time. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param root - an existing folder; all files of this peer are below `<root>/<name>` */
  constructor(root: string, name: string) {
    this.name = name;
    this.share = join(root, name, 'share');
    this.#home = join(root, name, 'home');
  }

  async makeFolders(): Promise<void> {
    await makeFolder(this.share);
    await makeFolder(this.#home);
  }

  /** Starts the launcher; the program answers commands as soon as it is ready. */
  start(script: string, tracker: string, args: readonly string[]): DemoProgram {
    const flags = ['--tracker', tracker, '--share', this.share, '--name', this.name, ...args];
    this.#program = new DemoProgram(this.name, script, flags, homeEnvironment(this.#home));
    return this.#program;
  }

  /** Types a command. @returns its answer @throws Error with the message of a failed command */
  run(command: string, signal: AbortSignal): Promise<Answer> {
    const answer = this.#last.then(() => this.#run(command, signal));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async downloads(signal: AbortSignal): Promise<readonly DemoDownload[]> {
    return ((await this.run('downloads', signal)).items ?? []) as readonly DemoDownload[];
  }

  async search(words: string, signal: AbortSignal): Promise<readonly DemoHit[]> {
    return ((await this.run(`search ${words}`, signal)).items ?? []) as readonly DemoHit[];
  }

  /** Offers a file to a peer and waits for the end. */
  async push(file: string, peer: string, signal: AbortSignal): Promise<DemoPush | undefined> {
    const { items = [] } = await this.run(`send ${file} ${peer} --wait`, signal);
    return (items as readonly DemoPush[])[0];
  }

  async #run(command: string, signal: AbortSignal): Promise<Answer> {
    const program = this.#program;
    if (program === undefined) throw new Error(`${this.name} is not started`);
    program.write(`${command} --json`);
    for (;;) {
      const line = await program.line(signal);
      if (!line.startsWith('{"version":')) continue;
      const answer = JSON.parse(line) as Answer;
      if (answer.ok) return answer;
      throw new Error(`${this.name}, "${command}": ${answer.error?.message ?? 'failed'}`);
    }
  }
}

/** The environment of a program without access to the user's files: home, config and caches are below one folder. */
export function homeEnvironment(home: string): NodeJS.ProcessEnv {
  const { SHOAL_TRACKER: _tracker, ...environment } = process.env;
  return {
    ...environment,
    HOME: home,
    USERPROFILE: home,
    APPDATA: join(home, 'AppData', 'Roaming'),
    LOCALAPPDATA: join(home, 'AppData', 'Local'),
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_STATE_HOME: join(home, '.local', 'state'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_DATA_HOME: join(home, '.local', 'share'),
    XDG_RUNTIME_DIR: join(home, '.run'),
    SHOAL_DISCOVERY: 'off',
  };
}
