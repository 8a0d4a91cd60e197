import type { Usage } from './Usage.ts';

/** The payload of a contest, and its place. */
export interface Scene {
  /** Folder on the measured medium. Contenders create their own folders in it. */
  readonly folder: string;
  /** Folder with the payload, read-only for contenders. */
  readonly source: string;
  /** Path in `source`: `large.bin` is a file, `tree/` a folder. */
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  /** Number of sending processes, each with the whole file. */
  readonly seeders: number;
}

/** A program that moves files: Shoal or a rival. */
export interface Contender {
  readonly name: string;
  /** Reason why the program cannot run on this machine, or undefined. */
  missing(): Promise<string | undefined>;
  /**
   * Lays out the files. Called for all contenders before any is opened: a hard link changes the ctime of the file,
   * and a contender that has hashed the file would hash it again.
   */
  prepare?(scene: Scene): Promise<void>;
  /** Starts the sending side. Resolves when it is ready to send. */
  open(scene: Scene): Promise<SendingSide>;
}

/** A contender and its payload. */
export interface Entry {
  readonly contender: Contender;
  readonly scene: Scene;
}

/** A sending side that is ready. */
export interface SendingSide {
  readonly pids: readonly number[];
  /** Prepares a receiver. Its copy gets the same name in `folder`, which exists and is empty. */
  receiver(folder: string): Promise<Receiver>;
  close(): Promise<void>;
}

/** The receiving side of one turn. */
export interface Receiver {
  /**
   * Fetches the payload. Resolves when the copy is complete, and verified if the program verifies.
   * @returns usage of this side
   */
  take(): Promise<Usage>;
  close(): Promise<void>;
}
