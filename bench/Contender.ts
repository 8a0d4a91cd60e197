import type { Usage } from './Usage.ts';

/** What is to be moved, and where. */
export interface Scene {
  /** On the medium that is measured. Contenders make folders of their own in it. */
  readonly folder: string;
  /** The folder that has it. Contenders read it and do not write there. */
  readonly source: string;
  /** In `source`: `large.bin` is a file, `tree/` a folder with everything below. */
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  /** How many processes give, each with the whole file. */
  readonly seeders: number;
}

/** A program that moves files: Shoal or a rival. */
export interface Contender {
  readonly name: string;
  /** What is missing here to run it, or undefined. */
  missing(): Promise<string | undefined>;
  /**
   * Lays out its files. Called for everybody before anyone is opened: a hard link changes the state of the file (ctime), and who
   * has hashed it already would have to do so again.
   */
  prepare?(scene: Scene): Promise<void>;
  /** Starts the giving side and returns when it can give at once. */
  open(scene: Scene): Promise<Giving>;
}

/** A contender and what it moves. */
export interface Entry {
  readonly contender: Contender;
  readonly scene: Scene;
}

/** The giving side, ready. */
export interface Giving {
  readonly pids: readonly number[];
  /** Makes a receiver ready, whose copy will have the same name in `folder`, which is there and empty. */
  taker(folder: string): Promise<Taker>;
  close(): Promise<void>;
}

/** The receiving side of one turn. */
export interface Taker {
  /** Begins now; resolves when the copy is complete and, by those who verify, verified. @returns what this side used */
  take(): Promise<Usage>;
  close(): Promise<void>;
}
