import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { toUSVString } from 'node:util';
import type { Log } from '../Shared/Log.ts';
import { formatAddress } from '../Shared/Network/Address.ts';
import { guardedInterfaces } from '../Shared/Network/NetworkInterfaces.ts';
import { loopbackOf } from '../Shared/Network/UsableAddresses.ts';
import { systemClock } from '../Shared/Time/Clock.ts';
import { quoteWord, runOneShot, type WebAccess } from './CommandInterface.ts';
import type { Peer } from './Peer.ts';
import type { StateFolder } from './State/StateFolder.ts';
import { loadWebIdentity, type WebIdentity } from './State/WebCertificate.ts';
import { WebPasswordFile } from './State/WebPassword.ts';
import {
  type CommandWord,
  OneTimeCodes,
  ShareLinks,
  type WebConnection,
  type WebHost,
  type WebLevel,
  WebManager,
  type WebOccupant,
} from './WebManager.ts';

/** HTTP of a program with one peer. */
export interface Web {
  /** Takes over plain connections. Undefined: only HTTPS is answered. */
  readonly accept: ((connection: WebConnection) => WebOccupant) | undefined;
  readonly https: { isServed(): boolean; accept(connection: WebConnection): WebOccupant };
  readonly access: WebAccess;
  /** Sets the peer whose files and commands are served: before it starts to listen. */
  serve(peer: Peer): void;
  close(): Promise<void>;
}

export interface WebSettings {
  readonly port: number;
  readonly level: WebLevel;
  /** A private network answers nothing but share links, and nothing but TLS. */
  readonly isPrivate: boolean;
  /** Started. */
  readonly state: StateFolder;
  readonly log: Log;
}

/** Bytes of secrets: the token of a run, logins, share links. */
const SECRET_BYTES = 24;
const LINKS_FILE = 'links.json';

/** Prepares HTTP on the port of a peer. The server is loaded before the first request. */
export async function openWeb({ port, level, isPrivate, state, log }: WebSettings): Promise<Web> {
  const newSecret = () => randomBytes(SECRET_BYTES).toString('base64url');
  const token = newSecret();
  const codes = new OneTimeCodes({ clock: systemClock, newSecret });
  const here = formatAddress({ host: loopbackOf(guardedInterfaces()()), port });
  const name = hostname().toLowerCase();
  const hostNames = [name, `${name}.local`];
  const store = {
    load: () => state.read(LINKS_FILE),
    save: (value: unknown) => state.write(LINKS_FILE, value),
  };
  const links = new ShareLinks({ store, wallMs: Date.now, newSecret });
  await links.load();
  let loading: Promise<WebIdentity> | undefined;
  const identity = () => {
    // A certificate is shown to strangers: in a private network it names no computer.
    loading ??= loadWebIdentity(state.path, isPrivate ? [] : hostNames, Date.now, log);
    return loading;
  };
  let manager: WebManager | undefined;
  const ready = () => {
    if (manager === undefined) throw new Error('HTTP before the peer was ready');
    return manager;
  };
  return {
    accept: isPrivate ? undefined : (connection) => ready().accept(connection),
    https: {
      isServed: () => !isPrivate || links.any,
      accept: (connection) => ready().acceptSecure(connection),
    },
    access: {
      address: isPrivate ? undefined : `http://${here}/#token=${token}`,
      onceAddress: () => `http://${here}/#code=${codes.issue()}`,
      fingerprint: async () => (await identity()).fingerprint,
      links,
      pathOf: ({ secret, path }) =>
        `/s/${secret}/${encodeURIComponent(toUSVString(path.split('/').at(-1) ?? ''))}`,
    },
    serve: (peer) => {
      manager = new WebManager({
        host: hostOf(peer),
        level,
        links,
        isPrivate,
        clock: systemClock,
        log,
        token,
        codes,
        newSecret,
        passwords: new WebPasswordFile(state.path, log),
        identity,
        hostNames,
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
        downloads: peer.downloads.list(),
        share: peer.share(),
        health: peer.networkHealth(),
      };
    },
    knowsPeer: (text) =>
      peer
        .knownPeers()
        .some(({ name, address }) =>
          [name.toLowerCase(), formatAddress(address)].includes(text.toLowerCase()),
        ),
    onNews: (listener) => peer.onNews(listener),
  };
}

function wordText(word: CommandWord): string {
  return typeof word === 'string' ? word : quoteWord(word.text);
}
