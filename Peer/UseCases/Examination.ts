import type { Interfaces } from '../../Shared/Network/NetworkInterfaces.ts';
import { isVirtual } from '../../Shared/Network/UsableAddresses.ts';
import type { Clock } from '../../Shared/Time/Clock.ts';
import type { Card, ExaminationControls, Measurements, WatchMeasurement } from '../CommandInterface.ts';
import type { FileManager } from '../FileManager.ts';
import type { PeerSummary } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';
import type { DiscoveryStep } from '../NetworkModel.ts';
import { TransferTest, type TransferTestOptions } from './TransferTest.ts';

/** Figures of the operating system about this process and computer. */
export interface SystemProbes {
  readonly watches: () => WatchMeasurement;
  /** Undefined: the system does not report it. */
  readonly mtuOf: (card: string) => number | undefined;
  /** Milliseconds for which the main thread was busy. */
  readonly busyMs: () => number;
}

export interface ExaminationOptions {
  readonly files: Pick<FileManager, 'measureDisk'>;
  readonly network: TransferTestOptions['network'] & Pick<NetworkManager, 'probes'>;
  readonly interfaces: () => Interfaces;
  /** All peers of the network. Never rejects. */
  readonly peers: (signal: AbortSignal) => Promise<readonly PeerSummary[]>;
  readonly system: SystemProbes;
  readonly clock: Clock;
}

/** Measures disk, network and a transfer for the doctor, once at a time. */
export class Examination implements ExaminationControls {
  readonly #options: ExaminationOptions;
  #running: Promise<Measurements> | undefined;

  constructor(options: ExaminationOptions) {
    this.#options = options;
  }

  discoverySteps(): readonly DiscoveryStep[] {
    return this.#options.network.probes.discoverySteps();
  }

  discoveryReport(): readonly string[] {
    return this.#options.network.probes.discoveryReport();
  }

  /** Joins measurements that are under way. */
  measure(signal: AbortSignal): Promise<Measurements> {
    this.#running ??= this.#measure(signal).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #measure(signal: AbortSignal): Promise<Measurements> {
    const { files, network, system, clock, peers } = this.#options;
    const [disk, wholeDatagrams, others] = await Promise.all([
      files.measureDisk(),
      network.probes.takesLargeDatagrams(signal),
      peers(signal),
    ]);
    // After the disk, so that neither slows the other.
    const transfer = await new TransferTest({ network, clock, busyMs: system.busyMs }).run(others, signal);
    return {
      disk,
      watches: system.watches(),
      clockOffsetsMs: network.probes.clockOffsetsMs(),
      cards: this.#cards(),
      wholeDatagrams,
      transfer,
    };
  }

  #cards(): readonly Card[] {
    const { interfaces, system } = this.#options;
    return Object.entries(interfaces()).flatMap(([name, addresses = []]) =>
      addresses
        .filter(({ internal }) => !internal)
        .map(({ address: host }) => ({ name, host, virtual: isVirtual(name), mtu: system.mtuOf(name) })),
    );
  }
}
