import { TRACKER_PORT, TRACKER_PORT_LAST } from '../../../Protocol/Limits.ts';
import { BoundedMap } from '../../../Shared/BoundedMap.ts';
import { formatNamed } from '../../../Shared/Network/Address.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { TrackerStatus } from '../../Model.ts';
import type { DiscoveryStep } from '../../NetworkModel.ts';

/** Sources that discovery probes. docs/reference/protocol.md, "Discovery". */
export type DiscoverySource = 'remembered' | 'this host' | 'broadcast' | 'dns-sd' | 'peer' | 'successor';

/** Addresses that answered which a step names, the newest: anybody on the LAN may answer a broadcast. */
const PLACES_MAX = 16;

/** Records the probes and answers of each source, to explain why no tracker was found. */
export class DiscoveryReport {
  readonly #asked = new Map<DiscoverySource, { targets: readonly string[]; times: number }>();
  readonly #answered = new Map<DiscoverySource, BoundedMap<string, true>>();
  #dnsSdFailure: string | undefined;

  asked(source: DiscoverySource, targets: readonly string[]): void {
    this.#asked.set(source, { targets, times: (this.#asked.get(source)?.times ?? 0) + 1 });
  }

  answered(source: DiscoverySource, place: string): void {
    const places = this.#answered.get(source) ?? new BoundedMap<string, true>(PLACES_MAX);
    this.#answered.set(source, places.set(place, true));
  }

  dnsSdFailed(reason: string): void {
    this.#dnsSdFailure = reason;
  }

  /** One step for each source after the configured trackers. */
  steps(): DiscoveryStep[] {
    const ports = ` UDP ${TRACKER_PORT}-${TRACKER_PORT_LAST}`;
    const dnsSd = this.#step('dns-sd', 'dns-sd', '', 'no tracker is announced');
    const unavailable = `unavailable: ${safeText(this.#dnsSdFailure ?? '')}`;
    const steps = [
      this.#step('remembered', 'remembered', '', 'none'),
      this.#step('this host', 'this-host', ports, 'not probed yet'),
      this.#step('broadcast', 'broadcast', ports, 'no network'),
      this.#dnsSdFailure === undefined ? dnsSd : { ...dnsSd, text: unavailable, outcome: 'failed' as const },
      this.#step('peer', 'linked-peers', '', 'name no tracker; without one, searches go to them directly'),
    ];
    return this.#asked.has('successor') ? [...steps, this.#step('successor', 'successor', '', '')] : steps;
  }

  #step(
    source: DiscoverySource,
    name: DiscoveryStep['source'],
    what: string,
    otherwise: string,
  ): DiscoveryStep {
    const asked = this.#asked.get(source);
    const answered = [...(this.#answered.get(source)?.keys() ?? [])];
    if (answered.length > 0)
      return { source: name, text: `answered by ${answered.join(', ')}`, outcome: 'answered' };
    if (asked === undefined || asked.targets.length === 0)
      return { source: name, text: otherwise, outcome: 'unused' };
    const times = asked.times === 1 ? 'once' : `${asked.times} times`;
    const text = `probed ${asked.targets.join(', ')}${what} ${times}, no answer`;
    return { source: name, text, outcome: 'failed' };
  }
}

/** The step of the trackers that the user has named. */
export function configuredStep(trackers: readonly TrackerStatus[]): DiscoveryStep {
  const configured = trackers.filter(({ foundBy }) => foundBy === 'configured');
  const lines = configured.map(({ address, name, state, reason }) =>
    safeText(`${formatNamed({ ...address, name })}: ${reason ?? state}`),
  );
  const answered = configured.some(({ state }) => state === 'connected');
  const outcome = lines.length === 0 ? 'unused' : answered ? 'answered' : 'failed';
  return { source: 'configured', text: lines.join('; ') || 'none', outcome };
}

/** Names of the steps that are numbered. */
const TITLES: Readonly<Partial<Record<DiscoveryStep['source'], string>>> = {
  configured: 'configured trackers',
  remembered: 'remembered trackers',
  'this-host': 'this computer',
  broadcast: 'broadcast',
  'dns-sd': 'DNS-SD',
  'linked-peers': 'linked peers',
};

/** One line for each step, and for the way that only a user can take. */
export function stepLines(steps: readonly DiscoveryStep[]): string[] {
  let number = 0;
  return steps.flatMap(({ source, text }) => {
    if (source === 'successor') return [`   named by a tracker: ${text}`];
    if (source === 'embedded') return [`   own tracker: ${text}`];
    const title = TITLES[source];
    const line = `${++number}. ${title}: ${text}`;
    return source === 'linked-peers' ? [line, `${++number}. a typed address: connect HOST:PORT`] : [line];
  });
}
