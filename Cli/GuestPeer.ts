import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemblePeer, makeShare, reserve } from '../Peer/Assembly.ts';
import type { Peer } from '../Peer/Peer.ts';
import type { Settings } from '../Peer/Settings/CommandLine.ts';
import { StateFolder } from '../Peer/State/StateFolder.ts';
import { Closing } from '../Shared/Closing.ts';
import type { Log } from '../Shared/Log.ts';
import { ShoalError } from '../Shared/ShoalError.ts';

/** A download without any source ends after this. */
const PATIENCE_MS = 30_000;
/** What takes longer to close is given up. */
const CLOSING_MS = 5_000;

export interface GuestOptions {
  readonly settings: Settings;
  readonly log: Log;
  /** The folder it shares, kept afterwards. Undefined: one below `root`. */
  readonly share?: string | undefined;
  /** Its own folder, for share and state, removed afterwards; made when missing. Undefined: a new one in the temporary directory. */
  readonly root?: string | undefined;
  /** It may run the network's tracker: it stays for a while. */
  readonly stays?: boolean;
  readonly signal: AbortSignal;
}

/** A peer that lives as long as one command. */
export class GuestPeer {
  readonly peer: Peer;
  readonly #closing: Closing;

  private constructor(peer: Peer, closing: Closing) {
    this.peer = peer;
    this.#closing = closing;
  }

  /** @throws ShoalError LOCAL_CONFLICT, PORT_IN_USE, DISK_FAILED */
  static async open(options: GuestOptions): Promise<GuestPeer> {
    const { settings, log, share, stays = false, signal } = options;
    const closing = new Closing();
    try {
      const root = await openRoot(options, closing);
      const shareDir = share ?? join(root, 'share');
      await makeShare(shareDir);
      // Who brings no folder leaves no trace.
      const state = new StateFolder(shareDir, share === undefined ? join(root, 'state') : undefined);
      await state.start();
      // In this order: the lock is given back before the folder goes, and nobody removes a folder that another one has locked.
      closing.add(() => removeUnlessNeeded(root, options.root !== undefined));
      closing.add(() => state.close());
      const port = await reserve(settings, log);
      closing.add(() => port.release());
      const peer = await assemblePeer(settings, log, {
        port,
        shareDir,
        state,
        giveUpMs: PATIENCE_MS,
        guest: !stays,
      });
      closing.add(() => peer.close());
      await peer.start({ signal });
      return new GuestPeer(peer, closing);
    } catch (failure) {
      await closing.run().catch(() => {});
      throw failure;
    }
  }

  /** What is unfinished stays, if its folder was named. Safe to call twice. */
  async close(): Promise<void> {
    const limit = new Promise<void>((done) => setTimeout(done, CLOSING_MS).unref());
    await Promise.race([this.#closing.run().catch(() => {}), limit]);
  }
}

async function openRoot({ root }: GuestOptions, closing: Closing): Promise<string> {
  try {
    if (root !== undefined) {
      await mkdir(root, { recursive: true });
      return root;
    }
    const made = await mkdtemp(join(tmpdir(), 'shoal-'));
    closing.add(() => rm(made, { recursive: true, force: true }));
    return made;
  } catch (failure) {
    throw new ShoalError('LOCAL_CONFLICT', `no folder can be made there: ${String(root ?? tmpdir())}`, {
      hint: 'Name a folder that you can write to: -o DIR',
      cause: failure,
    });
  }
}

/** A folder that was named keeps what is unfinished in it, for the next time. */
async function removeUnlessNeeded(root: string, named: boolean): Promise<void> {
  if (named && (await isNeeded(join(root, 'share', 'Temp')))) return;
  await rm(root, { recursive: true, force: true });
}

async function isNeeded(temp: string): Promise<boolean> {
  return (await readdir(temp).catch(() => [])).length > 0;
}
