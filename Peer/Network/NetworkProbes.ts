import type { Clock, WallClock } from '../../Shared/Time/Clock.ts';
import type { PeerLinks } from './Links/PeerLinks.ts';
import type { Trackers } from './Trackers/Trackers.ts';

export interface NetworkProbesOptions {
  readonly trackers: Trackers;
  readonly links: Pick<PeerLinks, 'links'>;
  readonly clock: Clock;
  readonly wallMs: WallClock;
}

export type NetworkProbes = ReturnType<typeof networkProbes>;

/** Measurements of the network for the doctor, besides its state. */
export function networkProbes({ trackers, links, clock, wallMs }: NetworkProbesOptions) {
  return {
    /** The result of each way to find a tracker. */
    discoverySteps: () => trackers.discoverySteps(),
    /** The same as lines for people. */
    discoveryReport: () => trackers.discoveryReport(),
    /** See TrackerQueries.takesLargeDatagrams. */
    takesLargeDatagrams: (signal: AbortSignal) => trackers.queries.takesLargeDatagrams(signal),
    /** Wall clocks of linked peers minus the own one, in milliseconds, as they claim. */
    clockOffsetsMs: (): readonly number[] => {
      const originMs = wallMs() - clock.nowMs();
      const offsetOf = (link: { readonly wallMs: number | undefined; readonly sinceMs: number }) =>
        link.wallMs === undefined ? [] : [link.wallMs - originMs - link.sinceMs];
      return links.links().flatMap(offsetOf);
    },
  };
}
