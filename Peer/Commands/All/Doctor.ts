import type { ConsoleCommand } from '../Command.ts';
import { diagnose, diagnosisText, verdictOf } from '../Doctor/Diagnosis.ts';
import { commandForm } from '../Views/ViewStyle.ts';

export const doctor: ConsoleCommand = {
  group: 'Network',
  usage: [''],
  summary: 'obstacles to sharing, with the next step for each',
  details: [
    'Checks the share folder, its disk and the limits of the system, the clock, the TCP port, trackers and each way to find one, large datagrams, and stalled downloads.',
    'For the speed it writes up to 64 MiB to the disk, and takes chunks from one peer for 2 seconds, which are dropped.',
    'Exit code 1 when something needs a look. With --json: items with check (a stable name), ok, text and hint.',
  ],
  examples: ['doctor'],
  needsNetwork: true,
  oneShot: 'own form',
  async run(_call, { controls, signal }) {
    const measured = await controls.examination.measure(signal);
    const facts = {
      self: controls.self,
      share: controls.share(),
      trackers: controls.trackers(),
      discovery: controls.examination.discoverySteps(),
      peers: controls.knownPeers(),
      downloads: controls.downloads.list(),
      health: controls.networkHealth(),
      measured,
    };
    const findings = diagnose(facts);
    const failure = verdictOf(findings);
    return {
      items: findings,
      text: (style) => diagnosisText(diagnose(facts, commandForm(style)), style),
      ...(failure === undefined ? {} : { failure }),
    };
  },
};
