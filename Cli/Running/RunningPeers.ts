import { realpath, rm } from 'node:fs/promises';
import { requestHello } from '../../Peer/Local/LocalClient.ts';
import type { LocalHello } from '../../Peer/Local/LocalMessages.ts';
import { runtimeFolder, socketPath, socketPorts } from '../../Peer/Local/RuntimeFolder.ts';
import type { Settings } from '../../Peer/Settings/CommandLine.ts';
import { formatAddress } from '../../Shared/Network/Address.ts';
import { lookupName } from '../../Shared/Network/NameLookup.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';

/** A running peer of this user on this computer. */
export interface RunningPeer extends LocalHello {
  readonly path: string;
}

/** All running peers, oldest first. Sockets of ended peers are removed. */
export async function runningPeers(): Promise<readonly RunningPeer[]> {
  const folder = runtimeFolder(process.env);
  const found = await Promise.all(
    (await socketPorts(folder)).map(async (port) => {
      const path = socketPath(folder, port);
      const hello = await requestHello(path);
      if (hello === 'stale' && process.platform !== 'win32') await rm(path, { force: true });
      return hello === 'stale' || hello === undefined ? [] : [{ ...hello, path }];
    }),
  );
  return found.flat().sort((a, b) => a.startedWallMs - b.startedWallMs);
}

/**
 * Chooses the peer to use.
 * @param port - from --peer; undefined: the one started first
 * @param notice - prints which of several is used
 * @throws ShoalError UNREACHABLE if none has that port
 */
export function choosePeer(
  peers: readonly RunningPeer[],
  port: number | undefined,
  notice: (line: string) => void,
): RunningPeer | undefined {
  if (port === undefined) {
    const [first, ...others] = peers;
    if (first !== undefined && others.length > 0) {
      const rest = others.map((each) => each.port).join(', ');
      notice(`using the peer at port ${first.port} (${safeText(first.name)}); for another: --peer ${rest}`);
    }
    return first;
  }
  const named = peers.find((each) => each.port === port);
  if (named !== undefined) return named;
  const ports = peers.map((each) => each.port).join(', ');
  throw new ShoalError('UNREACHABLE', `no peer with port ${port} runs on this computer`, {
    hint: ports === '' ? `Start one: shoal peer ${port}` : `Ports of running peers: ${ports}`,
  });
}

/** Whether a peer has all of the given trackers, the given share, and is in the given network. */
export async function fits(
  peer: RunningPeer,
  given: {
    trackers: Settings['trackers'] | undefined;
    share: string | undefined;
    /** Id of a private network; `open`: the open one. */
    network: string | undefined;
  },
  signal: AbortSignal,
): Promise<boolean> {
  const { trackers = [], share, network } = given;
  if (network !== undefined && network !== (peer.privateNetwork ?? 'open')) return false;
  if (share !== undefined && (await realpath(share).catch(() => share)) !== peer.share) return false;
  for (const { host, port } of trackers) {
    const hosts = await lookupName(host, signal).catch(() => []);
    if (![host, ...hosts].some((each) => peer.trackers.includes(formatAddress({ host: each, port }))))
      return false;
  }
  return true;
}
