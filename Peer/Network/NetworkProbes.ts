import type { Clock, WallClock } from '../../Shared/Time/Clock.ts';
import type { DiscoveryStep } from '../NetworkModel.ts';
import type { PeerLinks } from './Links/PeerLinks.ts';
import type { Trackers } from './Trackers/Trackers.ts';

export interface NetworkProbesOptions {
  readonly trackers: Trackers;
  readonly links: Pick<PeerLinks, 'links'>;
  readonly clock: Clock;
  readonly wallMs: WallClock;
}

/** Measurements of the network for the doctor, besides its state. */
export class NetworkProbes {
  readonly #options: NetworkProbesOptions;

  constructor(options: NetworkProbesOptions) {
    this.#options = options;
  }

  /** The result of each way to find a tracker. */
  discoverySteps(): readonly DiscoveryStep[] {
    return this.#options.trackers.discoverySteps();
  }

  /** The same as lines for people. */
  discoveryReport(): readonly string[] {
    return this.#options.trackers.discoveryReport();
  }

  /** See TrackerQueries.takesLargeDatagrams. */
  takesLargeDatagrams(signal: AbortSignal): Promise<boolean | undefined> {
    return this.#options.trackers.queries.takesLargeDatagrams(signal);
  }

  /** Wall clocks of linked peers minus the own one, in milliseconds, as they claim. */
  clockOffsetsMs(): readonly number[] {
    const { links, clock, wallMs } = this.#options;
    const originMs = wallMs() - clock.nowMs();
    return links
      .links()
      .flatMap((link) => (link.wallMs === undefined ? [] : [link.wallMs - originMs - link.sinceMs]));
  }
}
