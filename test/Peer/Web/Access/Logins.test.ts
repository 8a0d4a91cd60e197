import { expect, test } from 'vitest';
import { LOGIN_MS, Logins } from '../../../../Peer/Web/Access/Logins.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

function logins() {
  const clock = new SimulatedClock();
  const password = { text: 'correct horse' as string | undefined, verified: 0 };
  let secrets = 0;
  const made = new Logins({
    clock,
    newSecret: () => `secret ${++secrets}`,
    passwords: {
      version: async () => password.text,
      verify: async (given) => {
        password.verified++;
        return given === password.text;
      },
    },
  });
  const code = (given: string, host = '10.0.0.7') =>
    made.login(given, host).then(
      () => 'in',
      ({ code: failed }: { code: string }) => failed,
    );
  const proves = (secret: string) => made.proves(secret, password.text);
  return { clock, password, made, code, proves };
}

test('the right password gives a secret, which ends after 12 hours', async () => {
  const { made, clock, code, proves } = logins();
  expect(await code('wrong')).toBe('REFUSED');
  const secret = await made.login('correct horse', '10.0.0.7');
  expect([proves(secret), proves('secret 9'), proves('')]).toEqual([true, false, false]);
  clock.advance(LOGIN_MS - 1);
  expect(proves(secret)).toBe(true);
  clock.advance(1);
  expect(proves(secret)).toBe(false);
});

test('logging out, and another password, end a login', async () => {
  const { made, password, proves } = logins();
  const [first, second] = [await made.login('correct horse', 'a'), await made.login('correct horse', 'a')];
  made.end(first);
  expect([proves(first), proves(second)]).toEqual([false, true]);
  password.text = 'another one';
  expect(proves(second)).toBe(false);
});

test('without a password nobody logs in', async () => {
  const { password, code } = logins();
  password.text = undefined;
  expect(await code('')).toBe('NOT_FOUND');
});

test('one host has 5 attempts, then one in 10 s; all hosts together 30', async () => {
  const { clock, password, code } = logins();
  for (let n = 0; n < 5; n++) expect(await code('guess')).toBe('REFUSED');
  expect(await code('correct horse')).toBe('BUSY');
  expect(password.verified).toBe(5); // Refused without the cost of a check.
  clock.advance(10_000);
  expect(await code('correct horse')).toBe('in');
  const others = [];
  for (let n = 0; n < 40; n++) others.push(await code('guess', `10.0.1.${n}`));
  expect(others.filter((outcome) => outcome === 'REFUSED')).toHaveLength(30 - 1);
});

test('64 logins at a time: the oldest ends', async () => {
  const { made, clock, proves } = logins();
  const secrets: string[] = [];
  for (let n = 0; n < 65; n++) {
    clock.advance(60_000);
    secrets.push(await made.login('correct horse', 'a'));
  }
  expect(proves(secrets[0] ?? '')).toBe(false);
  expect(proves(secrets[1] ?? '')).toBe(true);
});

test('the attempts of 1,024 hosts are remembered; the oldest is evicted', async () => {
  const { clock, code } = logins();
  const five = async () => {
    const outcomes: string[] = [];
    for (let n = 0; n < 5; n++) outcomes.push(await code('guess'));
    return outcomes.filter((outcome) => outcome === 'REFUSED').length;
  };
  expect(await five()).toBe(5);
  for (let n = 0; n < 1_023; n++) await code('guess', `10.1.${n >> 8}.${n & 255}`);
  clock.advance(10_000);
  expect(await five()).toBe(1);
  for (let n = 0; n < 1_024; n++) await code('guess', `10.1.${n >> 8}.${n & 255}`);
  clock.advance(10_000);
  expect(await five()).toBe(5);
});
