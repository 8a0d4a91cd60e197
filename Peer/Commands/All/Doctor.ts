import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { ConsoleCommand } from '../Command.ts';
import { diagnose, diagnosisText } from '../Views/Diagnosis.ts';

function text(count: number): string {
  return count === 1 ? 'one check needs a look' : `${count} checks need a look`;
}

export const doctor: ConsoleCommand = {
  group: 'Network',
  usage: [''],
  summary: 'what stands in the way of sharing, and what to do about it',
  details: [
    'Checks the share folder, the watch limit, descriptors, trackers, peers and downloads that stand still.',
    'With --json: items with check, ok, text and hint, and discovery, the outcome of each way to find a tracker.',
  ],
  examples: ['doctor'],
  needsNetwork: true,
  oneShot: 'running peer',
  async run(_call, { controls }) {
    const findings = diagnose({
      share: controls.share(),
      trackers: controls.trackers(),
      peers: controls.knownPeers(),
      downloads: controls.downloads(),
      health: controls.networkHealth(),
    });
    const count = findings.filter(({ ok }) => !ok).length;
    return {
      items: findings,
      data: { discovery: controls.discoveryReport() },
      text: (style) => diagnosisText(findings, style),
      ...(count === 0
        ? {}
        : {
            failure: new ShoalError('UNHEALTHY', text(count), {
              hint: 'The lines that begin with look say what to do.',
            }),
          }),
    };
  },
};
