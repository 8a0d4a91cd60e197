import { onTestFinished } from 'vitest';
import type { KnownContact } from '../../../Peer/Model.ts';
import { NetworkManager, type NetworkManagerOptions } from '../../../Peer/NetworkManager.ts';
import { newInstanceId } from '../../../Protocol/Ids.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { type Address, formatAddress } from '../../../Shared/Network/Address.ts';
import { simulatedSecure } from '../../../Simulator/SimulatedSecure.ts';
import { keyOf } from '../../Support/keys.ts';
import type { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { MemoryShare } from './MemoryShare.ts';
import { FakeFeed, file, lanInterface } from './Trackers/TrackerLan.ts';

export const never = new AbortController().signal;
type Places = Parameters<NetworkManagerOptions['remembered']['save']>[0];

export interface Managed {
  readonly network: NetworkManager;
  readonly feed: FakeFeed;
  readonly share: MemoryShare;
  readonly contact: KnownContact;
  /** Stored contacts for the next run, newest last. */
  readonly saved: Places[];
  /** Trackers found and lost, as `event address`. */
  readonly events: string[];
  close(): Promise<void>;
}

export interface ManagedSetup extends Partial<NetworkManagerOptions> {
  readonly files?: readonly string[];
  /** Contacts stored by an earlier run. */
  readonly places?: Partial<Places>;
}

let salt = 0;

/** A started NetworkManager on the host 10.0.0.`number`, closed at the end of the test. */
export async function startManager(
  lan: SimulatedNetwork,
  number: number,
  { files = [], places = {}, ...change }: ManagedSetup = {},
): Promise<Managed> {
  const ip = `10.0.0.${number}`;
  const host = lan.host(ip);
  const random = lan.random.fork();
  const feed = new FakeFeed();
  if (files.length > 0) feed.put(...files.map((path) => file(path)));
  const share = new MemoryShare();
  const saved: Places[] = [];
  const events: string[] = [];
  const name = `peer ${number}`;
  const { peerId, prove } = keyOf(name);
  const address: Address = { host: ip, port: 9_000 + number };
  const network = new NetworkManager({
    self: { peerId, instanceId: newInstanceId(lan.clock.wallMs(), salt++), name, port: address.port },
    prove,
    provider: share,
    feed,
    dial: host.dial,
    secure: simulatedSecure(peerId, host.dial, lan.clock),
    listen: host.listen,
    bind: host.bindDatagram,
    interfaces: () => ({ lan: [lanInterface(ip)] }),
    lookup: async (text) => Promise.reject(new Error(`unknown name ${text}`)),
    configured: [],
    discovery: false,
    dnsSd: undefined,
    remembered: {
      load: async () => ({ trackers: [], peers: [], ...places }),
      save: async (now) => void saved.push(now),
    },
    startTracker: async () => Promise.reject(new Error('none here')),
    clock: lan.clock,
    wallMs: lan.clock.wallMs,
    descriptors: () => ({ used: 20, allowed: 1_024 }),
    random: random.next,
    randomBytes: (count) => random.bytes(count),
    log: silentLog,
    ...change,
  });
  network.on('trackerFound', (at) => events.push(`found ${formatAddress(at)}`));
  network.on('trackerLost', (at) => events.push(`lost ${formatAddress(at)}`));
  await network.start({ port: address.port });
  const close = () => lan.settle(network.close());
  onTestFinished(close);
  return { network, feed, share, contact: { peerId, name, address }, saved, events, close };
}

/** Starts peers one by one, from the given host on. */
export async function startManagers(
  lan: SimulatedNetwork,
  first: number,
  setups: readonly ManagedSetup[],
): Promise<Managed[]> {
  const all: Managed[] = [];
  for (const [index, setup] of setups.entries()) all.push(await startManager(lan, first + index, setup));
  return all;
}

/** The value, and the elapsed simulated time. */
export async function timed<T>(
  lan: SimulatedNetwork,
  promise: Promise<T>,
): Promise<{ value: T; ms: number }> {
  const startMs = lan.clock.nowMs();
  const value = await lan.settle(promise);
  return { value, ms: lan.clock.nowMs() - startMs };
}
