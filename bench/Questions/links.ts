import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatInvite } from '../../Protocol/Private/Invite.ts';
import { sameBytes } from '../Files.ts';
import { atMost, type Goal, type Report } from '../Report.ts';
import { PATIENCE_MS, Rig, untilShared } from '../Rig.ts';
import type { Settings } from '../Settings.ts';
import { type Spread, spread, spreadText } from '../Statistics.ts';
import { usage } from '../Usage.ts';

const LINKS = 32;
const SMALL_BYTES = 65_536;

interface Measured {
  /** Milliseconds from `download` to the end of 64 KiB at a fresh peer that was just started: above its first byte. */
  readonly firstByteMs: readonly number[];
  /** CPU seconds of the seeder while 32 peers link to it at once. */
  readonly linkSeconds: readonly number[];
}

/**
 * Cost of proven, encrypted links: time to the first byte, and 32 links at once, in the open and in a private
 * network.
 */
export async function run({ quick, pairs }: Settings): Promise<Report> {
  const turns = quick ? 3 : 2 * pairs + 3;
  const links = quick ? 8 : LINKS;
  const invite = formatInvite({ name: 'bench', secret: randomBytes(16) });
  const open = await measure([], turns, links);
  const sealed = await measure(['--network', invite], turns, links);
  const row = (name: string, of: (measured: Measured) => Spread, digits: number) => [
    name,
    spreadText(of(open), digits),
    spreadText(of(sealed), digits),
  ];
  const first = ({ firstByteMs }: Measured) => spread(firstByteMs);
  const cpu = ({ linkSeconds }: Measured) => spread(linkSeconds);
  const goals: Goal[] = [
    atMost('first byte within 100 ms, open', 100, first(open).median, 0),
    atMost('first byte within 150 ms, private', 150, first(sealed).median, 0),
  ];
  if (!quick)
    goals.push(atMost(`${LINKS} links at once: below 0.3 CPU s of the seeder`, 0.3, cpu(sealed).median));
  return {
    title: 'Links: time to the first byte, and many at once',
    tables: [
      {
        columns: ['', 'open', 'private'],
        rows: [
          row('from `download` to the end of 64 KiB, ms', first, 0),
          row(`CPU s of the seeder for ${links} links at once`, cpu, 2),
        ],
      },
    ],
    goals,
    notes: [
      'Each turn with fresh peers, whose connections and handshakes count. The copies are compared byte by byte.',
    ],
    figures: { open, sealed },
  };
}

async function measure(network: readonly string[], turns: number, links: number): Promise<Measured> {
  const rig = await Rig.make(undefined, { ip: '127.0.0.1', prefix: [], args: network });
  try {
    const seeder = await rig.peer('seeder', network);
    const source = join(rig.share('seeder'), 'small.bin');
    await writeFile(source, randomBytes(SMALL_BYTES));
    await untilShared(seeder, 1);
    const [answer] = await seeder.ask('whoami --json', /^\{.*"whoami".*\}$/);
    const { port } = JSON.parse(answer) as { port: number };
    const firstByteMs: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const name = `leecher-${turn}`;
      const leecher = await rig.peer(name, network);
      await leecher.ask('search small --json', /small\.bin/, PATIENCE_MS);
      const asked = performance.now();
      await leecher.ask('download small.bin', /is done/, PATIENCE_MS);
      firstByteMs.push(performance.now() - asked);
      if (!(await sameBytes(source, join(rig.share(name), 'small.bin')))) throw new Error('the copy differs');
      await leecher.kill();
    }
    const linkSeconds: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const peers = [];
      for (let number = 0; number < links; number++)
        peers.push(await rig.peer(`linked-${turn}-${number}`, network));
      await Promise.all(peers.map((peer) => peer.ask('status --json', /"status"/, PATIENCE_MS)));
      const before = await usage(seeder.pid);
      const linked = /"command":"connect".*"ok":true/;
      await Promise.all(
        peers.map((peer) => peer.ask(`connect 127.0.0.1:${port} --json`, linked, PATIENCE_MS)),
      );
      linkSeconds.push((await usage(seeder.pid)).cpuSeconds - before.cpuSeconds);
      for (const peer of peers) await peer.kill();
    }
    return { firstByteMs, linkSeconds };
  } finally {
    await rig.close();
  }
}
