import { safeText } from '../../Shared/SafeText.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { PushStatus } from '../Model.ts';
import { type CommandCall, usageError } from './CommandCall.ts';
import type { CommandContext, CommandHandler, CommandResult } from './CommandResult.ts';
import { isHostAndPort, joinHostPort } from './PeerNotation.ts';
import type { PushControls } from './Ports.ts';
import { baseName, offerItem, partItem, pushItem } from './Views/Items.ts';
import { chunkConfirmedText, offersText, partsText, pushesText, pushText } from './Views/PushTexts.ts';

/** `send <file> <peer>`, `send <file> <ip> <port>`; without arguments: what was sent in this run. */
export const send: CommandHandler = async (call, context) => {
  const [what, first, second] = call.args;
  const { controls, signal } = context;
  if (what === undefined) {
    const all = controls.pushing.pushes();
    return { items: all.map(pushItem), text: (style) => pushesText(all, style) };
  }
  if (first === undefined) throw usageError(call.spec, 'send needs to know to whom');
  if (second !== undefined && !isHostAndPort(first, second))
    throw usageError(call.spec, `"${safeText(first)} ${safeText(second)}" is not a host and a port`);
  await context.scanned();
  const content = controls.pushing.findLocal(what);
  const peer = await controls.findPeer(second === undefined ? first : joinHostPort(first, second), signal);
  const wait = call.flags.has('--wait') || !(context.interactive || call.flags.has('--no-wait'));
  if (!wait) return endResult(controls.pushing.send(content, peer));
  return endResult(await confirmed(controls.pushing.send(content, peer), call, context));
};

/** Waits for the end, and tells each confirmation where that is wanted. */
async function confirmed(
  started: PushStatus,
  call: CommandCall,
  { controls, signal, tell }: CommandContext,
): Promise<PushStatus> {
  const json = call.flags.has('--json');
  const tells = json || call.flags.has('--verbose');
  const stop = controls.pushing.onPush((push, chunks) => {
    if (push.number !== started.number || !tells) return;
    chunks.forEach((chunk, index) => {
      // Several may come at once: each line counts itself.
      const now = { ...push, confirmed: push.confirmed - chunks.length + index + 1 };
      const { confirmed: count, chunks: all } = now;
      const item = {
        event: 'chunk',
        push: push.number,
        id: push.fileId,
        chunk,
        confirmed: count,
        chunks: all,
      };
      tell?.({ item, line: chunkConfirmedText(now, chunk), json });
    });
  });
  try {
    return await controls.pushing.pushed(started.number, signal);
  } finally {
    stop();
  }
}

/** @throws ShoalError why it did not arrive */
function endResult(push: PushStatus): CommandResult {
  if (push.state === 'failed') throw push.error ?? new ShoalError('UNREACHABLE', pushText(push));
  return { items: [pushItem(push)], text: () => pushText(push) };
}

/** `accept`, `accept <number> [--always]` */
export const accept: CommandHandler = async (call, { controls }) => {
  const [which] = call.args;
  if (which === undefined) return waiting(controls.pushing.offers());
  const always = call.flags.has('--always');
  const offer = await controls.pushing.accept(numberOf(which, call), always);
  const name = safeText(baseName(offer.path));
  const from = safeText(offer.peer.name);
  const more = always ? `; from now on everything that ${from} sends is taken` : '';
  return { items: [offerItem(offer)], text: () => `Taking ${name} from ${from}${more}` };
};

/** `reject <number>` */
export const reject: CommandHandler = async (call, { controls }) => {
  const [which] = call.args;
  if (which === undefined) return waiting(controls.pushing.offers());
  const offer = controls.pushing.reject(numberOf(which, call));
  return { items: [offerItem(offer)], text: () => `${safeText(baseName(offer.path))} is refused` };
};

function waiting(offers: ReturnType<PushControls['offers']>): CommandResult {
  return { items: offers.map(offerItem), text: (style) => offersText(offers, style) };
}

function numberOf(text: string, call: CommandCall): number {
  if (/^#?\d{1,9}$/.test(text)) return Number(text.replace('#', ''));
  throw usageError(call.spec, `"${safeText(text)}" is not the number of an offer`);
}

/** `parts [file]` */
export const parts: CommandHandler = async (call, context) => {
  await context.scanned();
  const found = context.controls.pushing.parts(call.args[0]);
  return { items: found.map(partItem), text: (style) => partsText(found, style) };
};
