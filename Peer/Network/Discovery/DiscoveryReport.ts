import { TRACKER_PORT, TRACKER_PORT_LAST } from '../../../Protocol/Limits.ts';
import { safeText } from '../../../Shared/SafeText.ts';

/** Sources that discovery probes. docs/reference/protocol.md, "Discovery". */
export type DiscoverySource = 'remembered' | 'this host' | 'broadcast' | 'dns-sd' | 'peer' | 'successor';

/** Records the probes and answers of each source, to explain why no tracker was found. */
export class DiscoveryReport {
  readonly #asked = new Map<DiscoverySource, { targets: readonly string[]; times: number }>();
  readonly #answered = new Map<DiscoverySource, Set<string>>();
  #dnsSdFailure: string | undefined;

  asked(source: DiscoverySource, targets: readonly string[]): void {
    this.#asked.set(source, { targets, times: (this.#asked.get(source)?.times ?? 0) + 1 });
  }

  answered(source: DiscoverySource, place: string): void {
    const places = this.#answered.get(source) ?? new Set();
    this.#answered.set(source, places.add(place));
  }

  dnsSdFailed(reason: string): void {
    this.#dnsSdFailure = reason;
  }

  /** One line for each source after the configured trackers. */
  lines(): string[] {
    const ports = `${TRACKER_PORT}-${TRACKER_PORT_LAST}`;
    const dnsSd =
      this.#dnsSdFailure === undefined
        ? this.#line('dns-sd', '', 'no tracker is announced')
        : `unavailable: ${safeText(this.#dnsSdFailure)}`;
    const lines = [
      `2. remembered trackers: ${this.#line('remembered', '', 'none')}`,
      `3. this computer: ${this.#line('this host', ` UDP ${ports}`, 'not probed yet')}`,
      `4. broadcast: ${this.#line('broadcast', ` UDP ${ports}`, 'no network')}`,
      `5. DNS-SD: ${dnsSd}`,
      `6. linked peers: ${this.#line('peer', '', 'name no tracker; without one, searches go to them directly')}`,
      '7. a typed address: connect HOST:PORT',
    ];
    if (this.#asked.has('successor')) lines.push(`   named by a tracker: ${this.#line('successor', '', '')}`);
    return lines;
  }

  #line(source: DiscoverySource, what: string, otherwise: string): string {
    const asked = this.#asked.get(source);
    const answered = [...(this.#answered.get(source) ?? [])];
    if (answered.length > 0) return `answered by ${answered.join(', ')}`;
    if (asked === undefined || asked.targets.length === 0) return otherwise;
    const times = asked.times === 1 ? 'once' : `${asked.times} times`;
    return `probed ${asked.targets.join(', ')}${what} ${times}, no answer`;
  }
}
