import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import envPaths from 'env-paths';
import { newInstanceId } from '../Protocol/Ids.ts';
import { proveWith } from '../Protocol/PeerProof.ts';
import type { Log } from '../Shared/Log.ts';
import { bindDatagramTelling } from '../Shared/Network/DatagramSockets.ts';
import { findFirewall } from '../Shared/Network/Firewall.ts';
import { lookupName } from '../Shared/Network/NameLookup.ts';
import { guardedInterfaces } from '../Shared/Network/NetworkInterfaces.ts';
import { connectionsUnder, descriptorLimit, descriptorsUsed } from '../Shared/Program/Descriptors.ts';
import { busyMs, folderWatches, mtuOf } from '../Shared/Program/SystemProbes.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import { awakeClock } from '../Shared/Time/AwakeClock.ts';
import { systemClock } from '../Shared/Time/Clock.ts';
import { Tracker } from '../Tracker/Tracker.ts';
import type { WebAccess } from './CommandInterface.ts';
import { DeliveredFiles, type Delivery } from './Files/Serving/DeliveredFiles.ts';
import { claimsHttp } from './Network/Links/Accepting/HttpRefusal.ts';
import type { HttpsFace } from './Network/Links/Accepting/HttpsOpening.ts';
import type { Opening } from './Network/Links/Accepting/Opening.ts';
import { type ReservedPort, reservePort } from './Network/Links/Accepting/ReservedPort.ts';
import { dial, listen } from './Network/Links/Accepting/StreamSockets.ts';
import { homeRouter } from './Network/PortMapping/MapPort.ts';
import type { EmbeddedTracker } from './Network/Ports.ts';
import { Pump } from './Network/Sendfile/Pump.ts';
import { takeAssignedPort } from './Network/Trackers/AssignedPort.ts';
import { networkAccess } from './NetworkAccess.ts';
import { Peer } from './Peer.ts';
import type { Settings } from './Settings/CommandLine.ts';
import { certificateOf } from './State/Certificate.ts';
import { ContactsFile } from './State/ContactsFile.ts';
import { HistoryFile } from './State/HistoryFile.ts';
import { loadIdentity } from './State/Identity.ts';
import { fittingName, loadProfile, saveProfile } from './State/Profile.ts';
import type { StateFolder } from './State/StateFolder.ts';
import { TrustedSendersFile } from './State/TrustedSenders.ts';

/** HTTP of a peer. */
interface PeerHttp {
  /** Takes over plain connections. Undefined: only HTTPS is answered. */
  readonly accept: Opening['accept'] | undefined;
  readonly https: HttpsFace;
  readonly access: WebAccess;
}

/** Resources and defaults of one peer. */
export interface PeerEnvironment {
  readonly port: ReservedPort;
  readonly shareDir: string;
  /** A started state folder. */
  readonly state: StateFolder;
  /** Timeout of a download without any source; undefined: none. */
  readonly giveUpMs: number | undefined;
  /** Destination of complete files. Files that are there are not fetched again. */
  readonly delivery?: Delivery | undefined;
  /** Peer for a single command: starts no tracker, keeps no hash cache, hashes in its own thread. */
  readonly guest?: boolean;
  /** Takes over connections that begin with an HTTP request. Undefined: status 501. */
  readonly http?: PeerHttp | undefined;
  /** Whether a user can answer offers of pushes. */
  readonly interactive?: boolean;
}

/**
 * Creates a peer on the real network and disk. Not started.
 * @throws Error of node:fs when its state cannot be written
 */
export async function assemblePeer(settings: Settings, log: Log, place: PeerEnvironment): Promise<Peer> {
  const { port, shareDir, state, giveUpMs, delivery, http, guest = false } = place;
  const delivered = delivery === undefined ? undefined : new DeliveredFiles(delivery);
  if (state.problem !== undefined)
    log.warn(`the disk of ${state.path} is ${state.problem}: settings and contacts of this run are not kept`);
  const { peerId, privateKey } = await loadIdentity(state.path, log);
  const profile = await loadProfile(state);
  const name = settings.name ?? profile.name ?? defaultName();
  await saveProfile(state, { name, port: port.port }).catch((failure: unknown) => {
    if (state.problem === undefined) throw failure;
  });
  const instanceId = newInstanceId(Date.now(), Math.random() * 65_536);
  const clock = awakeClock(systemClock);
  const access = networkAccess(settings.network, { bind: bindDatagramTelling(log), clock });
  const { bind, network } = access;
  return new Peer({
    files: {
      shareDir,
      manifest: settings.manifest === undefined ? undefined : resolve(settings.manifest),
      cacheDir: guest ? undefined : envPaths('shoal', { suffix: '' }).cache,
      ...(guest ? { hashWorkers: 0 } : {}),
      clock,
      wallMs: Date.now,
      log,
    },
    network: {
      self: { peerId, instanceId, name, port: port.port },
      prove: proveWith(privateKey),
      pump: new Pump(settings.sendfile ? undefined : 'switched off'),
      dial,
      secure: access.secure(peerId, {
        key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
        cert: certificateOf(privateKey),
      }),
      listen: port.listen,
      bind,
      interfaces: guardedInterfaces(),
      connectionsMax: connectionsUnder(descriptorLimit()),
      foreignDatagrams: () => access.foreignDatagrams(),
      firewall: () =>
        findFirewall({
          platform: process.platform,
          program: process.execPath,
          exists: existsSync,
          read: readIfThere,
        }),
      descriptors: () => ({ used: descriptorsUsed(), allowed: descriptorLimit() }),
      lookup: lookupName,
      ...(http?.accept === undefined
        ? {}
        : { http: { name: 'http', claims: claimsHttp, accept: http.accept } }),
      https: http?.https,
      configured: settings.trackers,
      discovery: settings.discovery,
      unlisted: settings.unlisted,
      router: settings.mapPort && !guest ? homeRouter : undefined,
      relayLimit: guest ? undefined : settings.relayLimit,
      dnsSd: access.dnsSd,
      remembered: new ContactsFile(state, network?.id),
      startTracker: (udpPort) => startTracker(udpPort, log),
      clock,
      wallMs: Date.now,
      random: Math.random,
      randomBytes,
      log,
      uploadLimit: settings.uploadLimit,
      downloadLimit: settings.downloadLimit,
    },
    downloads: {
      random: Math.random,
      delivered,
      uncatalogued: new DeliveredFiles({ folder: shareDir, name: undefined }),
      ...(settings.maxDownloads === undefined ? {} : { maxDownloads: settings.maxDownloads }),
    },
    system: { watches: folderWatches, mtuOf, busyMs },
    pushes: {
      policy: settings.accept ?? (place.interactive === true ? 'ask' : 'known'),
      trusted: new TrustedSendersFile(state),
    },
    history: settings.history && !guest ? new HistoryFile(state) : undefined,
    privateNetwork: network,
    keepsRead: settings.cache === true,
    giveUpMs,
    web: http?.access,
  });

  async function startTracker(udpPort: number, trackerLog: Log): Promise<EmbeddedTracker> {
    if (guest) throw new ShoalError('NO_TRACKER', 'a peer for one command starts no tracker');
    const tracker = new Tracker({
      bind,
      clock,
      wallClock: Date.now,
      randomBytes,
      log: trackerLog,
      port: udpPort,
      verbose: settings.verbose,
    });
    await tracker.start();
    return tracker;
  }
}

/**
 * Reserves the wanted port, or a free one, until released.
 * @param former - ports of earlier runs, taken before random ones when none is wanted
 * @throws ShoalError PORT_IN_USE, NO_TRACKER, REFUSED, USAGE
 */
export async function reserve(
  { port, trackers, network }: Settings,
  log: Log,
  former: readonly number[] = [],
): Promise<ReservedPort> {
  if (port !== 'assigned') return reservePort(listen, port, Math.random, former);
  const { bind } = networkAccess(network, { bind: bindDatagramTelling(log), clock: systemClock });
  return takeAssignedPort(
    { trackers, lookup: lookupName, bind, clock: systemClock, random: Math.random },
    (assigned) => reservePort(listen, assigned, Math.random),
  );
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function defaultName(): string {
  let user = 'peer';
  let host = 'computer';
  try {
    host = hostname();
    user = userInfo().username;
  } catch {
    // The user id has no name: common in containers.
  }
  return fittingName(`${user}@${host}`);
}
