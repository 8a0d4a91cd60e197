import { isIP } from 'node:net';
import type { Log } from '../../../Shared/Log.ts';
import { formatAddress, networkClass } from '../../../Shared/Network/Address.ts';
import { asShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { PortMappingStatus } from '../../NetworkModel.ts';

/** Half of the lease that routers are asked for. */
const RENEW_MS = 1_800_000;
/** Time after a failure until the router is asked again. */
const RETRY_MS = 300_000;

/** A port of the router that leads to this peer. */
export interface MappedPort {
  readonly host: string;
  readonly port: number;
  readonly by: 'UPnP' | 'NAT-PMP';
}

/** The router before this computer. */
export interface PortRouter {
  /** Asks for a port. @throws ShoalError UNREACHABLE when none answers, REFUSED */
  map(port: number, signal: AbortSignal): Promise<MappedPort>;
  /** Ends a mapping by NAT-PMP, without waiting for an answer. Never rejects. */
  release(port: number): Promise<void>;
}

export interface PortMapperOptions {
  readonly router: PortRouter;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after a port was mapped: others may be able to connect now. */
  readonly mapped: () => void;
}

/**
 * Keeps the TCP port of this peer mapped at the router, at the user's request. At the end, a mapping by NAT-PMP is
 * undone; one by UPnP, where that would take a search of seconds, ends with its lease.
 */
export class PortMapper {
  readonly #options: PortMapperOptions;
  readonly #stopping = new AbortController();
  #status: PortMappingStatus = { state: 'asking' };
  #cancel: (() => void) | undefined;
  #port = 0;
  #mappedBy: MappedPort['by'] | undefined;

  constructor(options: PortMapperOptions) {
    this.#options = options;
  }

  get status(): PortMappingStatus {
    return this.#status;
  }

  start(port: number): void {
    this.#port = port;
    void this.#ask();
  }

  /** Asks again after a change of the network. */
  renew(): void {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    void this.#ask();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#cancel?.();
    if (this.#mappedBy === 'NAT-PMP') await this.#options.router.release(this.#port);
  }

  /** Never rejects. */
  async #ask(): Promise<void> {
    const { router, clock } = this.#options;
    const { signal } = this.#stopping;
    const status = await router.map(this.#port, signal).then(
      (found) => {
        this.#mappedBy = found.by;
        return judged(found, this.#port);
      },
      (failure): PortMappingStatus => {
        return { state: 'failed', reason: asShoalError(failure, 'UNREACHABLE').message };
      },
    );
    if (signal.aborted) return;
    this.#report(status);
    const isMapped = status.state === 'mapped';
    this.#cancel = clock.after(isMapped ? RENEW_MS : RETRY_MS, () => {
      this.#cancel = undefined;
      void this.#ask();
    });
  }

  #report(status: PortMappingStatus): void {
    const { log, mapped } = this.#options;
    const before = this.#status;
    this.#status = status;
    if (status.state === 'mapped' && before.state !== 'mapped') {
      log.info(`the router maps ${formatAddress(status.external)} to this peer (${status.by})`);
      mapped();
    }
    if (status.state === 'failed' && before.state !== 'failed')
      log.warn(`no port of the router leads to this peer: ${status.reason}`);
  }
}

/** Whether an address is one of those that providers share among customers (RFC 6598: 100.64.0.0/10). */
function isShared(host: string): boolean {
  const [first, second] = host.split('.').map(Number);
  return first === 100 && second !== undefined && second >= 64 && second < 128;
}

/** A mapping is of use when its address is a public one, and its port the one that trackers hand out. */
function judged({ host, port, by }: MappedPort, wanted: number): PortMappingStatus {
  // An unverified claim from the LAN: no other text is shown.
  if (isIP(host) === 0) return { state: 'failed', reason: 'the router named no IP address' };
  if (networkClass(host) !== 'elsewhere' || isShared(host))
    return {
      state: 'failed',
      reason: `the address of the router is private itself (${host}): there is another router before it`,
    };
  if (port !== wanted)
    return {
      state: 'failed',
      reason: `port ${wanted} is taken there; the router offers ${port}: start with --port ${port}`,
    };
  return { state: 'mapped', external: { host, port }, by };
}
