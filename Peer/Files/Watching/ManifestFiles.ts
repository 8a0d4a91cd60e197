import { constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { ShoalError, systemCode } from '../../../Shared/ShoalError.ts';
import { type Clock, every } from '../../../Shared/Time/Clock.ts';
import { closeQuietly } from '../Disk/CloseQuietly.ts';
import { type FileState, fileState } from '../Disk/FileState.ts';
import type { ScanEvents } from './FolderScan.ts';
import type { WatchFolder } from './FolderWatcher.ts';
import { MANIFEST_BYTES_MAX, parseManifest } from './Manifest.ts';
import { PathWatches } from './PathWatches.ts';

/** Events about the files of a manifest. Paths are the names given in the manifest. */
export type ManifestEvents = Pick<ScanEvents, 'found' | 'gone' | 'problem' | 'resolved'>;

export interface ManifestFilesOptions {
  /** Absolute path. */
  readonly manifest: string;
  /** Folder of unfinished files: never shared, even when a manifest names a file in it. */
  readonly temp: string;
  readonly clock: Clock;
}

/** One line of the manifest with the file found for it. */
interface ManifestFile {
  readonly line: number;
  /** Location as written, for users. */
  readonly written: string;
  /** The same as an absolute path; folders on the way may be symbolic links. */
  readonly wanted: string;
  /** Real location: absolute, free of symbolic links. Undefined: no shareable file. */
  file: string | undefined;
}

type Inspection =
  | { readonly file: string; readonly state: FileState }
  | { readonly file: undefined; readonly reason: string };

/** Interval of full checks: symbolic links and network disks change without an event. */
const RECHECK_MS = 30_000;
/** Files checked before the thread is yielded. */
const SLICE_FILES = 256;
/** Bad lines reported one by one; a summary stands for the others. */
const PROBLEMS_REPORTED_MAX = 20;
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * The files named by a manifest, in place of a share folder: reads the manifest, checks each file and watches both. A
 * name stands for one regular file. A symbolic link as last part of its path is refused; links among its folders are
 * resolved.
 */
export class ManifestFiles {
  readonly #options: ManifestFilesOptions;
  readonly #files = new Map<string, ManifestFile>();
  readonly #problems = new Set<string>();
  #watches: PathWatches | undefined;

  constructor(options: ManifestFilesOptions) {
    this.#options = options;
  }

  /** Absolute path of the manifest; also the root under which the hash cache keeps its files. */
  get path(): string {
    return this.#options.manifest;
  }

  /** Real location of the file of this name: absolute, free of symbolic links; '' when there is none. */
  fileOf(name: string): string {
    return this.#files.get(name)?.file ?? '';
  }

  /**
   * Names given to a file.
   * @param file - absolute, free of symbolic links
   */
  namesOf(file: string): string[] {
    return [...this.#files].flatMap(([name, named]) =>
      named.wanted === file || named.file === file ? [name] : [],
    );
  }

  /** Watches the manifest and its files; the folder passed in is ignored. */
  readonly watch: WatchFolder = (_root, events) => {
    const watches = new PathWatches({
      changed: events.changed,
      lost: () => events.changed(''),
      limited: events.limited,
    });
    this.#watches = watches;
    this.#rewatch();
    const stop = every(this.#options.clock, RECHECK_MS, () => events.changed(''));
    return {
      ready: Promise.resolve(),
      close: async () => {
        stop();
        watches.close();
      },
    };
  };

  /** Reads the manifest and checks all files in it. */
  async scanAll(events: ManifestEvents, signal: AbortSignal): Promise<void> {
    const before = new Set(this.#problems);
    this.#problems.clear();
    this.#read(events);
    // Watched before they are checked, so that no later change is missed.
    this.#rewatch();
    let checked = 0;
    for (const name of [...this.#files.keys()]) {
      if (signal.aborted) return;
      this.#check(name, events);
      if (++checked % SLICE_FILES === 0) await new Promise((done) => setImmediate(done));
    }
    for (const subject of before) if (!this.#problems.has(subject)) events.resolved(subject);
  }

  /** Checks the file of one name. */
  checkFile(name: string, events: ManifestEvents): void {
    const before = this.fileOf(name);
    this.#check(name, events);
    if (before !== '' && this.fileOf(name) === before) return;
    // A folder on its path may have been created or removed. Watched anew before it is checked again.
    this.#rewatch();
    this.#check(name, events);
  }

  #read(events: ManifestEvents): void {
    const { manifest } = this.#options;
    let bytes: Uint8Array = new Uint8Array(0);
    try {
      bytes = readManifest(manifest);
    } catch (failure) {
      this.#problem(basename(manifest), (failure as Error).message, events);
    }
    const { entries, problems } = parseManifest(bytes);
    const names = new Set(entries.map((entry) => entry.name));
    for (const name of [...this.#files.keys()]) if (!names.has(name)) this.#gone(name, events);
    for (const { line, name, path } of entries) {
      const wanted = resolve(dirname(manifest), path);
      this.#files.set(name, { line, written: path, wanted, file: this.#files.get(name)?.file });
    }
    for (const { line, reason } of problems) this.#problem(this.#lineName(line), reason, events);
  }

  #check(name: string, events: ManifestEvents): void {
    const named = this.#files.get(name);
    if (named === undefined) return;
    const inspection = this.#inspect(named);
    // A name that now stands for another file, or none, starts over.
    if (named.file !== undefined && named.file !== inspection.file) events.gone(name);
    named.file = inspection.file;
    const subject = this.#lineName(named.line);
    if (inspection.file === undefined) this.#problem(subject, inspection.reason, events);
    else {
      if (this.#problems.delete(subject)) events.resolved(subject);
      events.found(name, inspection.state);
    }
  }

  #inspect({ wanted, written }: ManifestFile): Inspection {
    const no = (reason: string): Inspection => ({ file: undefined, reason: `"${written}" ${reason}` });
    try {
      const file = join(realpathSync(dirname(wanted)), basename(wanted));
      const stats = lstatSync(file, { bigint: true });
      if (stats.isSymbolicLink()) return no('is a symbolic link: name its target');
      if (stats.isDirectory()) return no('is a folder: name files, one a line');
      if (!stats.isFile()) return no('is not a regular file');
      if (file.startsWith(this.#options.temp + sep)) return no('is an unfinished download');
      return { file, state: fileState(stats) };
    } catch (failure) {
      const code = systemCode(failure) ?? String(failure);
      return no(code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : `cannot be read (${code})`);
    }
  }

  #gone(name: string, events: ManifestEvents): void {
    if (this.#files.delete(name)) events.gone(name);
  }

  #problem(subject: string, reason: string, events: ManifestEvents): void {
    const isListed = this.#problems.has(subject) || this.#problems.size < PROBLEMS_REPORTED_MAX;
    const shown = isListed ? subject : basename(this.path);
    this.#problems.add(shown);
    events.problem(shown, isListed ? reason : `more than ${PROBLEMS_REPORTED_MAX} lines are not shared`);
  }

  #lineName(line: number): string {
    return `${basename(this.path)} line ${line}`;
  }

  #rewatch(): void {
    const files = Array.from(this.#files, ([name, { file, wanted }]) => [file ?? wanted, name] as const);
    this.#watches?.set([[this.path, ''], ...files]);
  }
}

/**
 * Opens the manifest at this path; undefined without one.
 * @throws ShoalError NOT_FOUND when the manifest cannot be read
 */
export function openManifest(
  manifest: string | undefined,
  temp: string,
  clock: Clock,
): ManifestFiles | undefined {
  if (manifest === undefined) return undefined;
  readManifest(manifest);
  return new ManifestFiles({ manifest, temp, clock });
}

function readManifest(path: string): Uint8Array {
  const unreadable = (why: string, cause?: unknown) =>
    new ShoalError(
      'NOT_FOUND',
      `the manifest "${path}" ${why === 'ENOENT' ? 'does not exist' : `cannot be read (${why})`}`,
      {
        hint: 'A manifest is a text file with one shared file per line: name path',
        cause,
      },
    );
  let fd: number;
  try {
    fd = openSync(path, OPEN_FLAGS);
  } catch (failure) {
    throw unreadable(systemCode(failure) ?? String(failure), failure);
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw unreadable('not a file');
    if (stats.size > MANIFEST_BYTES_MAX) throw unreadable(`larger than ${MANIFEST_BYTES_MAX} bytes`);
    return readFileSync(fd);
  } finally {
    closeQuietly(fd);
  }
}
