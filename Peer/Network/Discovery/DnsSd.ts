import { EventEmitter } from 'node:events';
import { isIPv4 } from 'node:net';
import Bonjour from 'bonjour-service';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { Self } from '../../Model.ts';
import type { DnsSdEvents, DnsSdService, OpenDnsSd } from './DnsSdService.ts';
import type { ServiceNaming, ServiceType } from './ServiceNaming.ts';

/** Services processed per run. The library keeps every name it receives, and any host can announce names. */
const SEEN_MAX = 500;
/** Upper bound on withdrawing the announcements. */
const CLOSE_MS = 200;

type MakeBonjour = (failed: (failure: unknown) => void) => Bonjour;

/**
 * Opens DNS-SD over multicast DNS on every interface (RFC 6763), with the library bonjour-service.
 * @param make - opens the sockets of the library
 */
export function openDnsSd(
  naming: ServiceNaming,
  make: MakeBonjour = (failed) => new Bonjour({}, failed),
): OpenDnsSd {
  return (events) => {
    try {
      return new BonjourDnsSd(events, naming, make);
    } catch (failure) {
      events.failed(asShoalError(failure, 'UNREACHABLE').message);
      return silent;
    }
  };
}

const silent: DnsSdService = { announcePeer: () => {}, announceTracker: () => {}, close: async () => {} };

interface Announced {
  readonly published: ReturnType<Bonjour['publish']>;
  readonly port: number;
  readonly self: Self;
}

/** Adapter for the library. A failure is reported once and disables DNS-SD; it never ends the program. */
class BonjourDnsSd implements DnsSdService {
  readonly #events: DnsSdEvents;
  readonly #naming: ServiceNaming;
  readonly #bonjour: Bonjour;
  /** Names of our own services, filtered from the results. */
  readonly #ours = new Set<string>();
  /** Services announced now, by type. */
  readonly #announced = new Map<ServiceType, Announced>();
  readonly #renewing: NodeJS.Timeout | undefined;
  #seen = 0;
  #failed = false;
  #closed: Promise<void> | undefined;

  constructor(events: DnsSdEvents, naming: ServiceNaming, make: MakeBonjour) {
    this.#events = events;
    this.#naming = naming;
    this.#bonjour = make((failure) => this.#fail(failure));
    this.#guard();
    this.#browse('shoal-tracker', 'udp', (address) => events.trackerSeen(address));
    this.#browse('shoal', 'tcp', (address) => events.peerSeen(address));
    if (naming.renewMs !== undefined)
      this.#renewing = setInterval(() => this.#renew(), naming.renewMs).unref();
  }

  announcePeer(self: Self): void {
    this.#announce('shoal', self.port, self);
  }

  announceTracker(port: number | undefined, self: Self): void {
    this.#withdraw('shoal-tracker');
    if (port !== undefined) this.#announce('shoal-tracker', port, self);
  }

  close(): Promise<void> {
    clearInterval(this.#renewing);
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

  /** Publishes without probing for the name first: it contains the peer id or random bytes, and is unique. */
  #announce(type: ServiceType, port: number, self: Self): void {
    const service = this.#naming.nameOf(type, self);
    this.#ours.add(service.name);
    const protocol = type === 'shoal' ? 'tcp' : 'udp';
    this.#try(() => {
      const published = this.#bonjour.publish({
        ...service,
        type,
        protocol,
        port,
        probe: false,
        disableIPv6: true,
      });
      this.#announced.set(type, { published, port, self });
    });
  }

  #withdraw(type: ServiceType): void {
    this.#try(() => this.#announced.get(type)?.published.stop?.());
    this.#announced.delete(type);
  }

  /** Announces the same services under new names. */
  #renew(): void {
    for (const [type, { port, self }] of [...this.#announced]) {
      this.#withdraw(type);
      this.#announce(type, port, self);
    }
  }

  /** Reports the sender's address; the addresses in its records are unverified. */
  #browse(type: ServiceType, protocol: 'tcp' | 'udp', seen: DnsSdEvents['trackerSeen']): void {
    this.#try(() => {
      const browser = this.#bonjour.find({ type, protocol });
      browser.on('up', ({ name, port, referer }) => {
        if (++this.#seen > SEEN_MAX) browser.stop();
        else if (this.#ours.has(name) || !this.#naming.recognizes(type, name)) return;
        else if (referer !== undefined && isIPv4(referer.address)) seen({ host: referer.address, port });
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
