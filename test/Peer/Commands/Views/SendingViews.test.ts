import { expect, test } from 'vitest';
import { runOneShot } from '../../../../Peer/Commands/Running/OneShot.ts';
import type { SendPath } from '../../../../Peer/NetworkModel.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { FakeControls } from '../FakeControls.ts';

async function status(line: string, sending: SendPath | undefined) {
  const clock = new SimulatedClock();
  const controls = new FakeControls();
  controls.health = { ...controls.health, sending };
  const options = { controls, clock, signal: new AbortController().signal, progress: () => {} };
  const answer = runOneShot({ line, command: 'status', width: null, color: false }, options);
  const { text, json } = await clock.settle(answer);
  return { text, network: JSON.parse(json).network.sending };
}

test.each<[SendPath | undefined, RegExp, object]>([
  [
    { path: 'sendfile', reason: undefined },
    /Sending +large files by sendfile/,
    { path: 'sendfile', reason: null },
  ],
  [
    { path: 'copy', reason: 'switched off' },
    /Sending +with copies: switched off$/m,
    { path: 'copy', reason: 'switched off' },
  ],
  [undefined, /Sending +with copies$/m, { path: 'copy', reason: null }],
])('status --verbose says how bytes are sent, JSON always: %j', async (sending, text, network) => {
  const verbose = await status('status --verbose', sending);
  expect(verbose.text).toMatch(text);
  const plain = await status('status', sending);
  expect([plain.text?.includes('Sending'), plain.network]).toEqual([false, network]);
});
