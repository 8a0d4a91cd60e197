import { expect, test } from 'vitest';
import { lookupName } from '../../../Shared/Network/NameLookup.ts';

const never = new AbortController().signal;

test('numeric hosts and localhost need no resolver', async () => {
  expect(await lookupName('192.0.2.7', never)).toEqual(['192.0.2.7']);
  expect(await lookupName('fe80::1%eth0', never)).toEqual(['fe80::1%eth0']);
  expect(await lookupName('LOCALHOST', never)).toEqual(['127.0.0.1']);
});

test.each(['no-such-computer.invalid', '--version', 'a b'])(
  '%j: a sentence instead of a system code',
  async (name) => {
    await expect(lookupName(name, never)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(/^(no computer with the name|the name) /),
      hint: expect.stringContaining('192.168.1.20'),
    });
  },
);

test('a lookup ends at once when it is cancelled', async () => {
  const cancel = new AbortController();
  const lookup = lookupName('no-such-computer.invalid', cancel.signal);
  cancel.abort();
  await expect(lookup).rejects.toMatchObject({ code: 'CANCELLED' });
});
