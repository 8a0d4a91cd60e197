import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../Shared/Clock.ts';
import type { Log } from '../Shared/Log.ts';
import { quoteWord, runOneShot } from './CommandInterface.ts';
import type { Peer } from './Peer.ts';
import {
  type CommandWord,
  type WebConnection,
  type WebHost,
  type WebLevel,
  WebManager,
  type WebOccupant,
} from './WebManager.ts';

/** HTTP of a program with one peer. */
export interface Web {
  /** Address of the page on this computer, with the token. */
  readonly address: string;
  readonly accept: (connection: WebConnection) => WebOccupant;
  /** Sets the peer whose files and commands are served: before it starts to listen. */
  serve(peer: Peer): void;
  close(): Promise<void>;
}

/** Bytes of the token. */
const TOKEN_BYTES = 24;

/** Prepares HTTP on the port of a peer. Nothing is loaded before the first request. */
export function openWeb(port: number, level: WebLevel, log: Log): Web {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const name = hostname().toLowerCase();
  let manager: WebManager | undefined;
  return {
    address: `http://127.0.0.1:${port}/#token=${token}`,
    accept: (connection) => {
      if (manager === undefined) throw new Error('HTTP before the peer was ready');
      return manager.accept(connection);
    },
    serve: (peer) => {
      manager = new WebManager({
        host: hostOf(peer),
        level,
        clock: systemClock,
        log,
        token,
        hostNames: [name, `${name}.local`],
        pageDir: fileURLToPath(new URL('../Web', import.meta.url)),
      });
    },
    close: async () => manager?.close(),
  };
}

/** A peer as the web uses it: commands run as those of `shoal`. */
function hostOf(peer: Peer): WebHost {
  return {
    name: peer.self.name,
    port: peer.self.port,
    files: peer.content,
    drops: peer.pushing.drops,
    network: peer.networkContent,
    run: ({ words, command, window }, signal) =>
      runOneShot(
        { line: words.map(wordText).join(' '), command, window, width: null, color: false },
        { controls: peer, clock: systemClock, signal, progress: () => {} },
      ),
    facts: () => {
      const peers = peer.knownPeers();
      return {
        ...peer.totals(),
        peers: peers.length,
        links: peers.filter(({ linked }) => linked).length,
        trackers: peer.trackers().filter(({ state }) => state === 'connected').length,
        uploads: peer.uploads().length,
        downloads: peer.downloads(),
        share: peer.share(),
        health: peer.networkHealth(),
      };
    },
    onNews: (listener) => peer.onNews(listener),
  };
}

function wordText(word: CommandWord): string {
  return typeof word === 'string' ? word : quoteWord(word.text);
}
