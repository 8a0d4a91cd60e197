import type { Usage } from './Usage.ts';

/** What is to be moved: one file below `folder`, which others may read but not change. */
export interface Scene {
  /** On the medium that is measured. Contenders make folders of their own in it. */
  readonly folder: string;
  readonly file: { readonly name: string; readonly path: string; readonly bytes: number };
  /** How many processes give, each with the whole file. */
  readonly seeders: number;
}

/** A program that moves files: Shoal or a rival. */
export interface Contender {
  readonly name: string;
  /** What is missing here to run it, or undefined. */
  missing(): Promise<string | undefined>;
  /** Starts the giving side and returns when it can give at once. */
  open(scene: Scene): Promise<Giving>;
}

/** The giving side, ready. */
export interface Giving {
  readonly pids: readonly number[];
  /** Makes a receiver ready, whose copy will lie in `folder`, which is there and empty. */
  taker(folder: string): Promise<Taker>;
  close(): Promise<void>;
}

/** The receiving side of one turn. */
export interface Taker {
  /** The copy, when it is there. */
  readonly path: string;
  /** Begins now; resolves when the copy is complete and, by those who verify, verified. @returns what this side used */
  take(): Promise<Usage>;
  close(): Promise<void>;
}
