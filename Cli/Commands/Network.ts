import { randomBytes } from 'node:crypto';
import { renderUnicodeCompact } from 'uqr';
import type { OneShotAnswer } from '../../Peer/CommandInterface.ts';
import { changeNetwork } from '../../Peer/Settings/ChangeNetwork.ts';
import {
  formatInvite,
  type Invite,
  NETWORK_SECRET_BYTES,
  parseInvite,
  readNetworkName,
} from '../../Protocol/Private/Invite.ts';
import { networkKeys } from '../../Protocol/Private/NetworkKeys.ts';
import { PEER_COMMAND } from '../../Shared/Program/StartedAs.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { factsAnswer } from '../Running/Answers.ts';
import type { Run } from '../Running/Run.ts';
import { runningPeers } from '../Running/RunningPeers.ts';
import type { ShoalCommand } from './ShoalCommand.ts';

const FORMS = ['', 'create <name>', 'join <invite>', 'show', 'invite', 'leave'];

export const network: ShoalCommand = {
  usage: '[what] [value]',
  forms: FORMS,
  summary: 'the private network of this computer: create, join, invite, leave',
  details:
    '\nWithout a word, or with show: the network and its members.' +
    '\nThe network stands in the config file, and holds for programs that start from then on.',
  async run({ words, open }) {
    const run = await open();
    const [what = 'show', value] = words;
    return run.screen.answer(await actionOf(what, value)(run, value ?? ''));
  },
};

type Action = (run: Run, value: string) => Promise<OneShotAnswer>;

/** @throws ShoalError USAGE */
function actionOf(what: string, value: string | undefined): Action {
  const actions: Readonly<Record<string, Action>> = { show, invite, leave };
  const withValue: Readonly<Record<string, Action>> = { create, join };
  const known = Object.hasOwn(withValue, what) ? withValue : Object.hasOwn(actions, what) ? actions : {};
  const action = known[what];
  if (action === undefined)
    throw usage(
      `network has no "${safeText(what.slice(0, 20))}"`,
      `It is one of ${FORMS.filter(Boolean).join(', ')}.`,
    );
  if (known === withValue && value === undefined)
    throw usage(
      `network ${what} lacks its ${what === 'join' ? 'invite' : 'name'}`,
      what === 'join'
        ? 'A member sees it with: shoal network invite. Example: shoal network join shoal:join/…'
        : 'Example: shoal network create "lab 3"',
    );
  if (known === actions && value !== undefined)
    throw usage(`network ${what} takes no further arguments`, `Write: shoal network ${what}`);
  return action;
}

async function show(run: Run): Promise<OneShotAnswer> {
  return run.line('network', 'network');
}

async function create(run: Run, name: string): Promise<OneShotAnswer> {
  const made = { name: readNetworkName(name), secret: new Uint8Array(randomBytes(NETWORK_SECRET_BYTES)) };
  await enter(run, made);
  return inviteAnswer(run, made, [`Created the private network "${made.name}".`, ...(await nextSteps(made))]);
}

async function join(run: Run, text: string): Promise<OneShotAnswer> {
  const joined = parseInvite(text);
  await enter(run, joined);
  const { id } = networkKeys(joined.secret);
  const lines = [`Joined the private network "${joined.name}".`, ...(await nextSteps(joined))];
  return factsAnswer('network', { privateNetwork: { name: joined.name, id } }, lines.join('\n'));
}

async function invite(run: Run): Promise<OneShotAnswer> {
  const { network: own } = run.options.settings;
  if (own === undefined)
    throw new ShoalError('NOT_FOUND', 'this computer is in the open network, which needs no invite', {
      hint: 'A network of your own: shoal network create NAME',
    });
  return inviteAnswer(run, own, []);
}

async function leave(run: Run): Promise<OneShotAnswer> {
  const { network: own } = run.options.settings;
  refuseOtherOrigin(run);
  await changeNetwork(run.options.configFile.path, undefined);
  const left =
    own === undefined
      ? 'This computer is in the open network already.'
      : `Left the private network "${own.name}": programs that start from now on are in the open network. Coming back takes an invite.`;
  const lines = [left, ...(await restartLines(undefined))];
  return factsAnswer('network', { privateNetwork: null }, lines.join('\n'));
}

/** @throws ShoalError LOCAL_CONFLICT in another network, DISK_FAILED */
async function enter(run: Run, invited: Invite): Promise<void> {
  const { network: own } = run.options.settings;
  refuseOtherOrigin(run);
  const { id } = networkKeys(invited.secret);
  if (own !== undefined && networkKeys(own.secret).id !== id) {
    throw new ShoalError('LOCAL_CONFLICT', `this computer is in the private network "${own.name}"`, {
      hint: `Leave it first: shoal network leave. Or run one more peer: ${PEER_COMMAND} --network INVITE`,
    });
  }
  await changeNetwork(run.options.configFile.path, formatInvite(invited));
}

/** A network that a flag or the environment names is not changed by the config file. */
function refuseOtherOrigin(run: Run): void {
  const origin = run.options.origins.find(({ key }) => key === 'network');
  if (origin?.from === 'environment')
    throw usage('SHOAL_NETWORK sets the network, and overrides the config file', 'Unset it first.');
  if (origin?.from === 'flag')
    throw usage('--network does not apply here', 'Give the invite to: shoal network join');
}

async function nextSteps({ secret }: Invite): Promise<string[]> {
  const restart = await restartLines(networkKeys(secret).id);
  return ['Peers that start on this computer from now on are in it.', ...restart];
}

/** Names the running peers that are in another network than the configured one. */
async function restartLines(id: string | undefined): Promise<string[]> {
  const others = (await runningPeers()).filter((peer) => peer.privateNetwork !== id);
  if (others.length === 0) return [];
  const ports = others.map(({ port }) => port).join(', ');
  return [`Running now in another network, until started again: the peer at port ${ports}.`];
}

function inviteAnswer(run: Run, own: Invite, before: readonly string[]): OneShotAnswer {
  const text = formatInvite(own);
  const { id } = networkKeys(own.secret);
  // In capitals a QR code is smaller; invites are read in either case.
  const code = run.screen.width === null ? [] : [renderUnicodeCompact(text.toUpperCase()), ''];
  const lines = [
    ...(before.length === 0 ? [] : [...before, '']),
    text,
    '',
    ...code,
    'Anyone with this invite can join and read the shared files: pass it on as you would a password.',
    'On another computer: shoal network join <invite>',
  ];
  return factsAnswer('network', { privateNetwork: { name: own.name, id }, invite: text }, lines.join('\n'));
}

function usage(message: string, hint: string): ShoalError {
  return new ShoalError('USAGE', message, { hint });
}
