import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemblePeer, type PeerEnvironment, reserve } from '../../Peer/Assembly.ts';
import type { Peer } from '../../Peer/Peer.ts';
import type { Settings } from '../../Peer/Settings/CommandLine.ts';
import { makeShare } from '../../Peer/State/ShareFolder.ts';
import { StateFolder } from '../../Peer/State/StateFolder.ts';
import { Closing } from '../../Shared/Async/Closing.ts';
import type { Log } from '../../Shared/Log.ts';
import { makeFolder } from '../../Shared/Paths/MakeFolder.ts';
import { closeWithin } from '../../Shared/Program/Program.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';

/** Default time after which a download without sources fails, in milliseconds. */
const PATIENCE_MS = 30_000;
/** Longest wait for the link to the running peer, in milliseconds. */
const LINK_MS = 1_000;
/** Longest wait for a peer to close, in milliseconds. */
const CLOSING_MS = 5_000;

export interface GuestOptions {
  readonly settings: Settings;
  readonly log: Log;
  /** The folder to share; kept afterwards. Undefined: a folder below `root`. */
  readonly share?: string | undefined;
  /**
   * Folder for share and state; created if missing, removed afterwards. Undefined: a new folder for temporary files.
   */
  readonly root?: string | undefined;
  /** Destination of complete files. Files that are there are not fetched again. */
  readonly delivery?: PeerEnvironment['delivery'];
  /** Time after which a download without sources fails, in milliseconds. Default: PATIENCE_MS. */
  readonly giveUpMs?: number | undefined;
  /** Whether the peer may run an embedded tracker, because it runs for some time. */
  readonly stays?: boolean;
  /** Takes another port when the wanted one is in use. */
  readonly anyPort?: boolean;
  /** Port of the running peer of this user: its files are at hand, and it knows the network without a tracker. */
  readonly runningPort?: number | undefined;
  readonly signal: AbortSignal;
}

/** Unfinished files of a named folder. */
interface Rest {
  isKept: boolean;
}

/** A peer that runs for one command only. */
export class GuestPeer {
  readonly peer: Peer;
  readonly #closing: Closing;
  readonly #rest: Rest;

  private constructor(peer: Peer, closing: Closing, rest: Rest) {
    this.peer = peer;
    this.#closing = closing;
    this.#rest = rest;
  }

  /** @throws ShoalError LOCAL_CONFLICT, PORT_IN_USE, DISK_FAILED */
  static async open(options: GuestOptions): Promise<GuestPeer> {
    const { settings, log, share, stays = false, signal } = options;
    const closing = new Closing();
    try {
      const root = await openRoot(options, closing);
      const shareDir = share ?? join(root, 'share');
      await makeShare(shareDir, log);
      // Without a folder of the user's, the state is removed, too.
      const state = new StateFolder(shareDir, log, share === undefined ? join(root, 'state') : undefined);
      await state.start();
      // Closing runs in reverse: the lock is released before the folder is removed, and no locked folder is removed.
      const rest = { isKept: options.root !== undefined };
      closing.add(() => removeUnlessUnfinished(root, rest));
      closing.add(() => state.close());
      const port = await reserve(settings, log).catch((failure: unknown) => {
        const isTaken = failure instanceof ShoalError && failure.code === 'PORT_IN_USE';
        if (isTaken && options.anyPort === true) return reserve({ ...settings, port: undefined }, log);
        throw failure;
      });
      closing.add(() => port.release());
      const peer = await assemblePeer(settings, log, {
        port,
        shareDir,
        state,
        giveUpMs: options.giveUpMs ?? PATIENCE_MS,
        delivery: options.delivery,
        guest: !stays,
      });
      closing.add(() => peer.close());
      await peer.start({ signal });
      if (options.runningPort !== undefined) {
        const linking = AbortSignal.any([signal, AbortSignal.timeout(LINK_MS)]);
        await peer.connect(`127.0.0.1:${options.runningPort}`, linking).catch(() => {});
      }
      return new GuestPeer(peer, closing, rest);
    } catch (failure) {
      await closing.run().catch(() => {});
      throw failure;
    }
  }

  /**
   * All is delivered: `close` also removes what earlier runs left unfinished, as of a version that its source
   * replaced.
   */
  delivered(): void {
    this.#rest.isKept = false;
  }

  /** Keeps unfinished files in a named folder, unless all is delivered. Safe to call twice. */
  async close(): Promise<void> {
    await closeWithin(CLOSING_MS, this.#closing).catch(() => {});
  }
}

async function openRoot({ root }: GuestOptions, closing: Closing): Promise<string> {
  try {
    if (root !== undefined) {
      await makeFolder(root);
      return root;
    }
    const made = await mkdtemp(join(tmpdir(), 'shoal-'));
    closing.add(() => rm(made, { recursive: true, force: true }));
    return made;
  } catch (failure) {
    throw new ShoalError('LOCAL_CONFLICT', `cannot create a folder in ${safeText(root ?? tmpdir())}`, {
      hint: root === undefined ? 'Set TMPDIR to a writable folder.' : 'Choose a writable folder: -o DIR',
      cause: failure,
    });
  }
}

/** Removes the folder, unless it has unfinished files which the next command can continue. */
async function removeUnlessUnfinished(root: string, { isKept }: Rest): Promise<void> {
  if (isKept && (await hasUnfinished(join(root, 'share', 'Temp')))) return;
  await rm(root, { recursive: true, force: true });
}

async function hasUnfinished(temp: string): Promise<boolean> {
  return (await readdir(temp).catch(() => [])).length > 0;
}
