import { EventEmitter } from 'node:events';
import { isIPv4 } from 'node:net';
import Bonjour from 'bonjour-service';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { Self } from '../../Model.ts';
import type { DnsSdEvents, DnsSdService, OpenDnsSd } from './DnsSdService.ts';

/** Services processed per run. The library keeps every name it receives, and any host can announce names. */
const SEEN_MAX = 500;
/** Upper bound on withdrawing the announcements. */
const CLOSE_MS = 200;

/** Opens DNS-SD over multicast DNS on every interface (RFC 6763), with the library bonjour-service. */
export const openDnsSd: OpenDnsSd = (events) => {
  try {
    return new BonjourDnsSd(events);
  } catch (failure) {
    events.failed(asShoalError(failure, 'UNREACHABLE').message);
    return silent;
  }
};

const silent: DnsSdService = { announcePeer: () => {}, announceTracker: () => {}, close: async () => {} };

/** Adapter for the library. A failure is reported once and disables DNS-SD; it never ends the program. */
class BonjourDnsSd implements DnsSdService {
  readonly #events: DnsSdEvents;
  readonly #bonjour: Bonjour;
  /** Names of our own services, filtered from the results. */
  readonly #ours = new Set<string>();
  #trackerService: ReturnType<Bonjour['publish']> | undefined;
  #seen = 0;
  #failed = false;
  #closed: Promise<void> | undefined;

  constructor(events: DnsSdEvents) {
    this.#events = events;
    this.#bonjour = new Bonjour({}, (failure: unknown) => this.#fail(failure));
    this.#guard();
    this.#browse('shoal-tracker', 'udp', (address) => events.trackerSeen(address));
    this.#browse('shoal', 'tcp', (address) => events.peerSeen(address));
  }

  announcePeer(self: Self): void {
    this.#publish('shoal', 'tcp', self.port, self);
  }

  announceTracker(port: number | undefined, self: Self): void {
    this.#try(() => this.#trackerService?.stop?.());
    this.#trackerService = port === undefined ? undefined : this.#publish('shoal-tracker', 'udp', port, self);
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#try(() => this.#bonjour.destroy());
        resolve();
      };
      const timer = setTimeout(end, CLOSE_MS);
      this.#try(() => this.#bonjour.unpublishAll(end));
    });
    return this.#closed;
  }

  /** Publishes without probing for the name first: it contains the peer id and is unique. */
  #publish(type: string, protocol: 'tcp' | 'udp', port: number, { peerId, name }: Self) {
    const service = `${type}-${peerId.slice(0, 16)}`;
    this.#ours.add(service);
    const txt = { name, id: peerId };
    return this.#try(() =>
      this.#bonjour.publish({ name: service, type, protocol, port, txt, probe: false, disableIPv6: true }),
    );
  }

  /** Reports the sender's address; the addresses in its records are unverified. */
  #browse(type: string, protocol: 'tcp' | 'udp', seen: DnsSdEvents['trackerSeen']): void {
    this.#try(() => {
      const browser = this.#bonjour.find({ type, protocol });
      browser.on('up', ({ name, port, referer }) => {
        if (++this.#seen > SEEN_MAX) browser.stop();
        else if (!this.#ours.has(name) && referer !== undefined && isIPv4(referer.address)) {
          seen({ host: referer.address, port });
        }
      });
    });
  }

  /** Catches malformed packets and bind errors, which the library turns into uncaught exceptions. */
  #guard(): void {
    const mdns: unknown = Reflect.get(Reflect.get(this.#bonjour, 'server'), 'mdns');
    if (!(mdns instanceof EventEmitter)) return;
    mdns.on('error', (failure) => this.#fail(failure));
    const emit = mdns.emit.bind(mdns);
    mdns.emit = (event: string | symbol, ...values: unknown[]) => {
      try {
        return emit(event, ...values);
      } catch {
        return false; // A packet that the library cannot parse.
      }
    };
  }

  #try<T>(task: () => T): T | undefined {
    try {
      return task();
    } catch (failure) {
      this.#fail(failure);
      return undefined;
    }
  }

  #fail(failure: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#events.failed(asShoalError(failure, 'UNREACHABLE').message);
  }
}
