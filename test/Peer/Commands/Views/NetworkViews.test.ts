import { expect, test } from 'vitest';
import { network } from '../../../../Peer/Commands/All/Network.ts';
import { status } from '../../../../Peer/Commands/All/Status.ts';
import { uploads } from '../../../../Peer/Commands/All/Uploads.ts';
import type { CommandContext, ConsoleCommand } from '../../../../Peer/Commands/Command.ts';
import { makePaint } from '../../../../Peer/Commands/Views/ViewStyle.ts';
import type { TrackerStatus } from '../../../../Peer/Model.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { FakeControls, fileIdOf, peerOf } from '../FakeControls.ts';

const patient = new AbortController().signal;

async function run(command: ConsoleCommand, controls: FakeControls, ...flags: string[]) {
  const call = { name: '', command, args: [], flags: new Set(flags), values: new Map() };
  const result = await command.run(call, { controls, signal: patient } as unknown as CommandContext);
  return {
    text: result.text({ width: 100, rowsMax: Number.POSITIVE_INFINITY, paint: makePaint(false) }),
    data: result.data,
    items: result.items,
  };
}

test('status shows descriptors, and the counts of refused and dropped input that are not zero', async () => {
  const controls = new FakeControls();
  const quiet = await run(status, controls);
  expect(quiet.text).toContain('30 used, 1,024 allowed');
  expect(quiet.text).not.toMatch(/Refused|Dropped/);
  controls.health = {
    ...controls.health,
    refusedConnections: 1_200,
    overLimit: 7,
    droppedDatagrams: 3,
    violations: 2,
  };
  const { text, data } = await run(status, controls);
  expect(text).toMatch(/Refused +1,200 connections \(full, or banned\), 7 too frequent requests/);
  expect(text).toMatch(/Dropped +2 links that broke the protocol, 3 datagrams/);
  expect(data).toMatchObject({
    network: { refusedConnections: 1_200, descriptors: { used: 30, allowed: 1_024 } },
  });
});

test('uploads --history lists peers and files, without control characters in their names', async () => {
  const controls = new FakeControls();
  const taken = {
    fileId: fileIdOf(1),
    path: 'Class/homework.txt',
    size: 200,
    peer: { peerId: peerOf(1).peerId, name: 'an\u001b[2Jna', address: { host: '10.0.0.2', port: 9_001 } },
    bytes: 50,
    complete: false,
    firstWallMs: 0,
    lastWallMs: 3_600_000,
  };
  controls.taken = [{ ...taken, bytes: 200, complete: true }, taken];
  const { text, items } = await run(uploads, controls, '--history');
  expect(text).toMatch(/Class\/homework.txt +200 B +all/);
  expect(text).toMatch(/Class\/homework.txt +50 B +25 %/);
  expect(text).not.toContain('\u001b');
  expect(items?.[1]).toMatchObject({
    peer: { host: '10.0.0.2' },
    bytes: 50,
    complete: false,
    first: '1970-01-01T00:00:00.000Z',
    last: '1970-01-01T01:00:00.000Z',
  });
  controls.taken = [];
  expect((await run(uploads, controls, '--history')).text).toBe('This peer has uploaded nothing yet.');
  controls.taken = undefined;
  await expect(run(uploads, controls, '--history')).rejects.toThrow('keeps no history');
});

test('status counts the peers of the tracker before this peer has asked for their list', async () => {
  const controls = new FakeControls();
  expect((await run(status, controls)).text).toMatch(/Peers +no other peers, no open links$/m);
  const address = { host: '10.0.0.1', port: 6_881 };
  const tracker = { address, state: 'connected', peers: 3 };
  controls.trackerList = [tracker as unknown as TrackerStatus];
  expect((await run(status, controls)).text).toMatch(/Peers +2 other peers, no open links$/m);
  controls.others = [peerOf(1), peerOf(2), peerOf(4)];
  expect((await run(status, controls)).text).toMatch(/Peers +3 other peers, 1 open link \(TLS 1\.3\)$/m);
});

test('network shows the name of the network, its meaning, its members, and how to leave', async () => {
  const controls = new FakeControls();
  const open = await run(network, controls);
  expect(open.text).toMatch(
    /^Open network: everybody on this network can find this peer and read its files\.$/m,
  );
  expect(open.text).toMatch(/create NAME\nWith an invite: shoal network join INVITE$/);
  expect(open.data).toEqual({ privateNetwork: null, trackers: 1, trackersKnown: 1 });
  controls.privateNetwork = { name: 'lab\u001b[2J 3', id: '9f7dbbd976adc79f' };
  controls.others = [peerOf(1)];
  const { text, data, items } = await run(network, controls);
  expect(text).toMatch(/^Private network "lab.*3": only its members/);
  expect(text).not.toContain('\u001b');
  expect(text.replaceAll('\n', ' ')).toContain('If the invite has leaked, leave, create a new network');
  expect(data).toMatchObject({ privateNetwork: controls.privateNetwork });
  expect(items).toHaveLength(1);
  expect((await run(status, controls)).text).toMatch(/Network +"lab.*3", private/);
});

test('network: without a tracker it shows the peers that are known', async () => {
  const controls = new FakeControls();
  controls.others = [peerOf(1)];
  controls.trouble = new ShoalError('NO_TRACKER', 'no tracker');
  expect((await run(network, controls)).items).toHaveLength(1);
  controls.trouble = new ShoalError('CANCELLED', 'interrupted');
  await expect(run(network, controls)).rejects.toMatchObject({ code: 'CANCELLED' });
});
