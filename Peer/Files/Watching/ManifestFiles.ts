import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { type Clock, every } from '../../../Shared/Clock.ts';
import { ShoalError, systemCode } from '../../../Shared/ShoalError.ts';
import { type FileState, fileState } from '../Disk/FileState.ts';
import type { ScanEvents } from './FolderScan.ts';
import type { WatchFolder } from './FolderWatcher.ts';
import { MANIFEST_BYTES_MAX, parseManifest } from './Manifest.ts';
import { PlaceWatches } from './PlaceWatches.ts';

/** Told of the files of a manifest; paths are the names it gives them. */
export interface ManifestEvents extends ScanEvents {
  /** What was told as a problem of this place is none any more. */
  solved(place: string): void;
}

export interface ManifestFilesOptions {
  /** Absolute. */
  readonly manifest: string;
  /** Our folder of unfinished files: nothing in it is shared, whoever names it. */
  readonly temp: string;
  readonly clock: Clock;
}

/** A line of the manifest, and what was found. */
interface Named {
  readonly line: number;
  /** As written, for people. */
  readonly written: string;
  /** The same, absolute; folders on the way may be links. */
  readonly wanted: string;
  /** Where it lies: absolute, without links; undefined: nowhere. */
  file: string | undefined;
}

type Looked =
  | { readonly file: string; readonly state: FileState }
  | { readonly file: undefined; readonly reason: string };

/** Everything is looked at again this often: links and network disks change without an event. */
const LOOK_AGAIN_MS = 30_000;
/** The thread is given free after so many looks. */
const LOOKS_AT_ONCE = 256;
/** Bad lines told one by one. */
const PROBLEMS_TOLD_MAX = 20;
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * The files that a manifest names, in place of a share folder: reads it, looks at each file, watches both. A name stands for
 * one regular file; a link at the end of its path is not followed, links among the folders above are, when it is looked at.
 */
export class ManifestFiles {
  readonly #options: ManifestFilesOptions;
  readonly #named = new Map<string, Named>();
  readonly #problems = new Set<string>();
  #watches: PlaceWatches | undefined;

  constructor(options: ManifestFilesOptions) {
    this.#options = options;
  }

  /** Absolute. Under this name the hash cache keeps what it names. */
  get path(): string {
    return this.#options.manifest;
  }

  /** Where the file of this name lies, absolute and without links; '': nowhere. */
  fileOf(name: string): string {
    return this.#named.get(name)?.file ?? '';
  }

  /** The names of a file. @param file - absolute, without links */
  namesOf(file: string): string[] {
    return [...this.#named].flatMap(([name, named]) =>
      named.wanted === file || named.file === file ? [name] : [],
    );
  }

  /** Ignores the folder: what is watched follows from the manifest. */
  readonly watch: WatchFolder = (_root, events) => {
    const watches = new PlaceWatches({
      touched: events.touched,
      lost: () => events.touched(''),
      limited: events.limited,
    });
    this.#watches = watches;
    this.#rewatch();
    const stop = every(this.#options.clock, LOOK_AGAIN_MS, () => events.touched(''));
    return {
      ready: Promise.resolve(),
      close: async () => {
        stop();
        watches.close();
      },
    };
  };

  /** Reads the manifest and looks at all it names. */
  async everything(events: ManifestEvents, signal: AbortSignal): Promise<void> {
    const before = new Set(this.#problems);
    this.#problems.clear();
    this.#read(events);
    // Watched before they are looked at: what changes later is told by a watch.
    this.#rewatch();
    let looks = 0;
    for (const name of [...this.#named.keys()]) {
      if (signal.aborted) return;
      this.#look(name, events);
      if (++looks % LOOKS_AT_ONCE === 0) await new Promise((done) => setImmediate(done));
    }
    for (const place of before) if (!this.#problems.has(place)) events.solved(place);
  }

  /** Looks at the file of one name. */
  place(name: string, events: ManifestEvents): void {
    const before = this.fileOf(name);
    this.#look(name, events);
    // A folder may have come or gone with it.
    if (this.fileOf(name) !== before) this.#rewatch();
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
    for (const name of [...this.#named.keys()]) if (!names.has(name)) this.#gone(name, events);
    for (const { line, name, path } of entries) {
      const wanted = resolve(dirname(manifest), path);
      this.#named.set(name, { line, written: path, wanted, file: this.#named.get(name)?.file });
    }
    for (const { line, reason } of problems) this.#problem(this.#placeOf(line), reason, events);
  }

  #look(name: string, events: ManifestEvents): void {
    const named = this.#named.get(name);
    if (named === undefined) return;
    const looked = this.#lookAt(named);
    // Another file under the same name, or none: what was known of it counts no more.
    if (named.file !== undefined && named.file !== looked.file) events.gone(name);
    named.file = looked.file;
    const place = this.#placeOf(named.line);
    if (looked.file === undefined) this.#problem(place, looked.reason, events);
    else {
      if (this.#problems.delete(place)) events.solved(place);
      events.found(name, looked.state);
    }
  }

  #lookAt({ wanted, written }: Named): Looked {
    const no = (reason: string): Looked => ({ file: undefined, reason: `"${written}" ${reason}` });
    try {
      const file = join(realpathSync(dirname(wanted)), basename(wanted));
      const stats = lstatSync(file, { bigint: true });
      if (stats.isSymbolicLink()) return no('is a link: name the file it leads to');
      if (stats.isDirectory()) return no('is a folder: name files, one a line');
      if (!stats.isFile()) return no('is no regular file');
      if (file.startsWith(this.#options.temp + sep)) return no('lies among the unfinished files');
      return { file, state: fileState(stats) };
    } catch (failure) {
      const code = systemCode(failure) ?? String(failure);
      return no(code === 'ENOENT' || code === 'ENOTDIR' ? 'is not there' : `cannot be looked at (${code})`);
    }
  }

  #gone(name: string, events: ManifestEvents): void {
    if (this.#named.delete(name)) events.gone(name);
  }

  #problem(place: string, reason: string, events: ManifestEvents): void {
    const isTold = this.#problems.has(place) || this.#problems.size < PROBLEMS_TOLD_MAX;
    const shown = isTold ? place : basename(this.path);
    this.#problems.add(shown);
    events.problem(shown, isTold ? reason : `more than ${PROBLEMS_TOLD_MAX} lines are not shared`);
  }

  #placeOf(line: number): string {
    return `${basename(this.path)} line ${line}`;
  }

  #rewatch(): void {
    const files = Array.from(this.#named, ([name, { file, wanted }]) => [file ?? wanted, name] as const);
    this.#watches?.set([[this.path, ''], ...files]);
  }
}

/**
 * The manifest at this path; undefined without one.
 * @throws ShoalError NOT_FOUND when it cannot be read
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
    new ShoalError('NOT_FOUND', `the manifest "${path}" cannot be read (${why})`, {
      hint: 'It is a text file; each line of it names a file to share: name path',
      cause,
    });
  let fd: number;
  try {
    fd = openSync(path, OPEN_FLAGS);
  } catch (failure) {
    throw unreadable(systemCode(failure) ?? String(failure), failure);
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw unreadable('it is no file');
    if (stats.size > MANIFEST_BYTES_MAX) throw unreadable(`it is larger than ${MANIFEST_BYTES_MAX} bytes`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
