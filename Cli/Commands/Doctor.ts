import { access, constants } from 'node:fs/promises';
import { bad, diagnosisText, type Finding, fine, makePaint, verdictOf } from '../../Peer/CommandInterface.ts';
import { asShoalError, systemCode } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { factsAnswer } from '../Running/Answers.ts';
import type { Run } from '../Running/Run.ts';
import type { ShoalCommand } from './ShoalCommand.ts';

/** Checks that say nothing without a running peer: those of the port and the empty share of a temporary one. */
const OF_PEER: readonly string[] = ['share', 'changes', 'names', 'hashing', 'disk', 'port', 'peers'];

export const doctor: ShoalCommand = {
  usage: '',
  summary: 'obstacles to sharing on this computer, with the next step for each',
  details:
    '\nOf the running peer. Without one: whether its port is free and its share folder can be used, and the network\n' +
    'by a temporary peer. Exit code 1 when something needs a look.',
  async run({ name, open }) {
    const run = await open();
    const running = await run.runningPeer();
    if (running !== undefined) return run.screen.answer(await run.inRunning(running, name, 'doctor'));
    const own = [noPeer(), await portCheck(run), await shareCheck(run)];
    const findings = [...own, ...(await networkChecks(run))];
    const { color, width } = run.screen;
    const text = diagnosisText(findings, {
      paint: makePaint(color),
      width: width ?? Number.POSITIVE_INFINITY,
    });
    return run.screen.answer(factsAnswer(name, { items: findings }, text, verdictOf(findings)));
  },
};

function noPeer(): Finding {
  const text = 'no peer runs on this computer: nothing is shared';
  return bad('peer', text, 'Start one: shoal peer');
}

async function portCheck({ options: { settings }, log }: Run): Promise<Finding> {
  // Loaded on demand, as for a temporary peer.
  const { reserve } = await import('../../Peer/Assembly.ts');
  try {
    const port = await reserve(settings, log);
    await port.release();
    return fine('port', `TCP ${port.port} is free`);
  } catch (failure) {
    const { message, hint } = asShoalError(failure, 'PORT_IN_USE');
    return bad('port', safeText(message), hint ?? 'Choose another one: --port');
  }
}

async function shareCheck({ options: { settings } }: Run): Promise<Finding> {
  const { share } = settings;
  if (share === undefined) return fine('share', 'a folder is made at the first start');
  const folder = safeText(share);
  try {
    await access(share, constants.R_OK | constants.X_OK);
    const writable = await access(share, constants.W_OK).then(
      () => 'read and written',
      () => 'read, not written: downloads fail',
    );
    return fine('share', `${folder} can be ${writable}`);
  } catch (failure) {
    const code = systemCode(failure);
    if (code === 'ENOENT') return fine('share', `${folder} is made at the first start`);
    const text = `${folder} cannot be read (${code ?? 'unknown reason'})`;
    return bad('share', text, 'Check its permissions, or choose another one: --share DIR');
  }
}

/** The checks of the network and the computer, by a temporary peer. */
async function networkChecks(run: Run): Promise<readonly Finding[]> {
  const guest = await run.guest({ anyPort: true });
  try {
    const answer = await run.inGuest(guest, 'doctor', 'doctor');
    const { items = [] } = JSON.parse(answer.json) as { items?: readonly Finding[] };
    return items.filter(({ check }) => !OF_PEER.includes(check));
  } finally {
    await guest.close();
  }
}
