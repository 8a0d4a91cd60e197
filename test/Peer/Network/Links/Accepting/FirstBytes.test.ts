import { expect, test } from 'vitest';
import { FirstBytes } from '../../../../../Peer/Network/Links/Accepting/FirstBytes.ts';
import type { ByteStream } from '../../../../../Shared/Network/Transport.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';

test('a connection that no opening has claimed after 4 KiB is destroyed', () => {
  let destroyed = 0;
  const first = new FirstBytes({ destroy: () => destroyed++ } as unknown as ByteStream, {
    clock: new SimulatedClock(),
    openings: [{ name: 'undecided', claims: () => 'more', accept: () => expect.fail() }],
    full: false,
    taken: () => {},
    settled: () => {},
    closed: () => {},
  });
  first.data(Buffer.alloc(4_095));
  expect(destroyed).toBe(0);
  first.data(Buffer.alloc(1));
  expect(destroyed).toBe(1);
});
