import { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { PeerId } from '../../../Protocol/Ids.ts';
import type { RefusalCode } from '../../../Protocol/PeerMessages.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { SourceStatus } from '../../DownloadModel.ts';
import type { FileHolder } from '../../Model.ts';
import type { SmallFile, SmallFileInstaller } from '../../Storage.ts';
import { fileChanged, noSource, type TaskContext } from '../File/Task.ts';
import type { Rank } from '../Model.ts';
import type { FileSource } from '../Sources/FileSource.ts';
import { FileSources } from '../Sources/FileSources.ts';
import { UnitFetch } from '../Sources/UnitFetch.ts';
import type { UnitWork } from '../Sources/UnitWork.ts';
import { Bundle, BundleMemory } from './Bundle.ts';
import { BundleUnits } from './BundleUnits.ts';
import { type FolderFiles, STATE } from './FolderFiles.ts';
import { RefusedUnits } from './RefusedUnits.ts';
import { UnitHolders } from './UnitHolders.ts';

/**
 * Bundles that are requested or being written: bounds memory. Few, as long as each source has two: a source that runs
 * far ahead of the disk takes processor time from it, and what waits survives collections of the young generation.
 */
const BUNDLES_AT_ONCE = { least: 6, aSource: 2, most: 16 };
/** Files that the trackers locate at once while no peer is connected. */
const LOCATES_AT_ONCE = 8;
/** The first scheduled queries are skipped: they would be due before the first link can be up. */
const LOCATES_SKIPPED = 2;

export interface SmallFilesOptions {
  readonly files: FolderFiles;
  /** Rows of small contents. */
  readonly rows: readonly number[];
  /** Path of the folder. */
  readonly path: string;
  readonly priority: Rank;
  readonly signal: AbortSignal;
}

export interface SmallFilesEvents {
  /** The file is in the share, at this absolute path. */
  done(row: number, path: string): void;
  /** No source delivered the file. Files of one bundle share their reason. */
  failed(row: number, reason: ShoalError): void;
  /** The disk failed; the whole folder stops. */
  stopped(reason: ShoalError): void;
  received(bytes: number): void;
  wasted(bytes: number): void;
  /** Sources connected or disconnected. */
  sourcesChanged(): void;
}

/** Outcomes of a bundle that some source did not deliver. */
interface Failure {
  readonly wrongRow: number | undefined;
  readonly isChanged: boolean;
}

/** Fetches the one-chunk files of a folder in bundles: as a file is fetched in chunks, from all sources at once. */
export class SmallFiles {
  readonly #context: TaskContext;
  readonly #options: SmallFilesOptions;
  readonly #events: SmallFilesEvents;
  readonly #units: BundleUnits;
  readonly #holders: UnitHolders;
  readonly #sources: FileSources;
  readonly #fetch: UnitFetch;
  readonly #refused: RefusedUnits;
  readonly #installer: SmallFileInstaller;
  readonly #memory = new BundleMemory();
  readonly #failures = new Map<number, Failure>();
  /** The last file that was corrupt. */
  #wrongRow: number | undefined;

  constructor(context: TaskContext, options: SmallFilesOptions, events: SmallFilesEvents) {
    const { files, rows, path, priority, signal } = options;
    this.#context = context;
    this.#options = options;
    this.#events = events;
    this.#units = new BundleUnits(files, rows);
    this.#holders = new UnitHolders(this.#units.count);
    const installEvents = {
      installed: ({ row }: SmallFile, path: string) => this.#placed(row, path),
      failed: (_: SmallFile, reason: ShoalError) => events.stopped(reason),
    };
    this.#installer = context.parts.openInstaller(pathsOf(options), installEvents, files.incomplete);
    this.#sources = new FileSources(
      {
        ...context,
        content: {
          name: path,
          open: (holder, sourceEvents, until) =>
            context.network.openBundles(holder, this.#holders.haveOf(holder.peerId), sourceEvents, until),
          locate: () => this.#locateSome(),
          locatesSkipped: LOCATES_SKIPPED,
        },
      },
      {
        active: (source) => {
          this.#fetch.join(source);
          this.#installer.hold?.(true);
          events.sourcesChanged();
        },
        haveChanged: () => {},
        suggested: () => {},
        queued: (source) => this.#fetch.queued(source),
        turn: ({ peer }, bytes) => context.dispatcher.turn(peer, bytes),
        received: events.received,
        late: events.wasted,
        left: (source) => {
          this.#fetch.leave(source);
          if (this.sources === 0) this.#installer.hold?.(false);
          events.sourcesChanged();
        },
      },
    );
    this.#fetch = new UnitFetch({
      ...context,
      priority,
      work: this.#work(path),
      expected: () => this.#sources.expected,
      events: {
        verified: () => {},
        wasted: events.wasted,
        corrupt: (source) => this.#blame(source),
        complete: () => {},
        failed: events.stopped,
      },
    });
    this.#refused = new RefusedUnits({
      clock: context.clock,
      signal,
      missingOf: (unit) => this.#units.missingOf(unit),
      locate: async (row) => this.#addFound(await this.#locate(row), this.#units.unitOf(row)),
      retry: (unit) => this.#retry(unit),
      failed: (unit) => this.#giveUp(unit),
    });
  }

  /** Number of connected peers. */
  get sources(): number {
    return this.#sources.active().length;
  }

  start(): void {
    const { files, signal } = this.#options;
    const holders = new Map<PeerId, FileHolder>();
    for (let unit = 0; unit < this.#units.count; unit++) {
      const [row] = this.#units.rowsOf(unit);
      for (const holder of row === undefined ? [] : files.holdersOf(row)) {
        holders.set(holder.peerId, holder);
        this.#holders.add(holder.peerId, unit);
      }
    }
    for (const row of files.foundRows) {
      const unit = this.#units.unitOf(row);
      for (const holder of unit === undefined ? [] : files.holdersOf(row)) {
        holders.set(holder.peerId, holder);
        this.#holders.add(holder.peerId, unit ?? 0);
      }
    }
    this.#sources.add([...holders.values()]);
    if (signal.aborted) return;
    this.#sources.start(signal);
    for (let unit = 0; unit < this.#units.count; unit++) this.#checkHolders(unit);
  }

  /** Adds a holder of a file, found by peer exchange or a new peer. */
  addHolder(row: number, holder: FileHolder): void {
    if (!this.#options.signal.aborted) this.#addFound([holder], this.#units.unitOf(row));
  }

  /** Resolves when no request is open: after the signal aborted, or all files ended. */
  async closed(): Promise<void> {
    this.#sources.stop();
    await this.#fetch.close();
    await this.#installer.close();
  }

  tick(): void {
    const nowMs = this.#context.clock.nowMs();
    for (const { peer } of this.#sources.all()) {
      if (peer.score.isBanned(nowMs)) this.#refuseAll(peer.holder.peerId);
    }
    this.#sources.tick();
    this.#refused.tick();
  }

  /** Milliseconds until the next tracker query; undefined while a peer is connected. */
  get nextLocateInMs(): number | undefined {
    return this.sources > 0 ? undefined : this.#sources.nextLocateInMs;
  }

  status(): SourceStatus[] {
    return this.#sources.status(this.#units.count);
  }

  #work(name: string): UnitWork {
    const { files } = this.#options;
    return {
      name,
      units: this.#units,
      verified: new Bitfield(this.#units.count),
      order: 'any',
      small: true,
      swarms: false,
      requestsMax: () => bundlesAtOnce(this.sources),
      writer: (unit, peerId) =>
        new Bundle({
          files,
          rows: this.#units.missingOf(unit),
          installer: this.#installer,
          memory: this.#memory,
          ended: (isComplete, wrongRow) => {
            if (!isComplete) this.#refuse(peerId, unit, { wrongRow, isChanged: false });
          },
        }),
      refused: (unit, peerId, code: RefusalCode) =>
        this.#refuse(peerId, unit, { wrongRow: undefined, isChanged: code === 'changed' }),
    };
  }

  #placed(row: number, path: string): void {
    const { files } = this.#options;
    if (files.stateOf(row) === STATE.done) return;
    files.setState(row, STATE.done);
    this.#events.done(row, path);
  }

  #refuse(peerId: PeerId, unit: number, { wrongRow, isChanged }: Failure): void {
    const before = this.#failures.get(unit);
    this.#failures.set(unit, {
      wrongRow: wrongRow ?? before?.wrongRow,
      isChanged: isChanged || before?.isChanged === true,
    });
    this.#wrongRow = wrongRow ?? this.#wrongRow;
    this.#holders.refuse(peerId, unit);
    this.#checkHolders(unit);
  }

  #refuseAll(peerId: PeerId): void {
    for (const unit of this.#holders.haveOf(peerId).indexes()) {
      this.#holders.refuse(peerId, unit);
      this.#checkHolders(unit);
    }
  }

  #checkHolders(unit: number): void {
    if (!this.#holders.hasHolder(unit) && !this.#units.isWhole(unit)) this.#refused.add(unit);
  }

  #retry(unit: number): boolean {
    this.#holders.forgive(unit);
    this.#holdersChanged();
    return this.#holders.hasHolder(unit);
  }

  #giveUp(unit: number): void {
    const { files } = this.#options;
    const { wrongRow, isChanged } = this.#failures.get(unit) ?? {};
    const missing = this.#units.missingOf(unit);
    const path = files.pathOf(wrongRow ?? missing[0] ?? 0);
    const reason = wrongRow !== undefined ? corrupt(path) : isChanged ? fileChanged(path) : noSource(path);
    for (const row of missing) {
      files.setState(row, STATE.failed);
      this.#events.failed(row, reason);
    }
  }

  #blame({ peer, source }: FileSource): void {
    const { clock, events, dispatcher } = this.#context;
    const { files, path } = this.#options;
    const row = this.#wrongRow;
    if (row !== undefined) source?.reportCorrupt?.(files.fileIdOf(row), 0);
    const verdict = peer.score.blame(path, clock.nowMs());
    events.sourceBlamed(peer.holder, row === undefined ? path : files.pathOf(row), verdict);
    if (verdict === 'banned') dispatcher.ban(peer);
  }

  #locate(row: number): Promise<readonly FileHolder[]> {
    const { files, signal } = this.#options;
    return this.#context.network.queries.locate(files.fileIdOf(row), signal).catch(() => []);
  }

  /**
   * Queries the trackers for holders of some files while no peer is connected. A holder of one file may have the
   * others, or have a new address.
   */
  async #locateSome(): Promise<readonly FileHolder[]> {
    const { files, rows } = this.#options;
    if (this.sources > 0) return [];
    const wanted: number[] = [];
    for (const row of rows) {
      if (files.stateOf(row) === STATE.wanted) wanted.push(row);
      if (wanted.length === LOCATES_AT_ONCE) break;
    }
    const located = (await Promise.all(wanted.map((row) => this.#locate(row)))).flat();
    for (const { peerId } of located.filter(({ complete }) => complete))
      for (let unit = 0; unit < this.#units.count; unit++)
        if (this.#holders.add(peerId, unit)) this.#refused.remove(unit);
    return located.filter(({ complete }) => complete);
  }

  #addFound(holders: readonly FileHolder[], unit: number | undefined): void {
    if (unit === undefined || this.#options.signal.aborted) return;
    const complete = holders.filter((holder) => holder.complete);
    const fresh = complete.filter(({ peerId }) => this.#holders.add(peerId, unit));
    this.#sources.add(complete);
    if (fresh.length === 0) return;
    this.#refused.remove(unit);
    this.#holdersChanged();
  }

  #holdersChanged(): void {
    for (const source of this.#sources.active()) this.#fetch.haveChanged(source);
  }
}

function bundlesAtOnce(sources: number): number {
  const { least, aSource, most } = BUNDLES_AT_ONCE;
  return Math.min(most, Math.max(least, aSource * sources));
}

function pathsOf({ files, rows }: SmallFilesOptions): Iterable<string> {
  return {
    *[Symbol.iterator]() {
      for (const row of rows) yield files.pathOf(row);
    },
  };
}

function corrupt(path: string): ShoalError {
  return new ShoalError('INTEGRITY', `every source of ${path} sent corrupt data`);
}
