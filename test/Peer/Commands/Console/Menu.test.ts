import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { CommandInterface } from '../../../../Peer/CommandInterface.ts';
import { systemClock } from '../../../../Shared/Time/Clock.ts';
import { downloadOf, entryOf, FakeControls, fileIdOf, hitOf } from '../FakeControls.ts';

const MENU = '(1) download a file\n(2) list files\n(3) quit\n';

/** Pipes text into a console, by default one that starts with the menu. */
async function run(input: string, { menu = true, controls = new FakeControls() } = {}) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const printed = { out: '', error: '' };
  stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.out += text;
  });
  stderr.setEncoding('utf8').on('data', (text: string) => {
    printed.error += text;
  });
  stdin.end(input);
  const console = new CommandInterface({
    controls,
    input: stdin,
    output: stdout,
    errorOutput: stderr,
    clock: systemClock,
    isTerminal: false,
    width: () => undefined,
    color: false,
    menu,
  });
  const code = await console.run({ signal: new AbortController().signal });
  return { code, ...printed, calls: controls.calls, controls };
}

function done(controls: FakeControls): void {
  controls.answer = (what) => ({ kind: 'started', download: downloadOf(1, what, { state: 'done' }) });
}

test('2 lists, 3 quits', async () => {
  const controls = new FakeControls();
  controls.files = [entryOf('film.mkv', 1_000)];
  const { code, out, error } = await run('2\n3\n1\nnever read\n', { controls });
  expect({ code, error }).toEqual({ code: 0, error: '' });
  expect(out.startsWith(MENU)).toBe(true);
  expect(out).toContain('film.mkv');
  expect(out.split(MENU)).toHaveLength(3); // At the start, and after the list; not after quit.
  expect(controls.calls.some((call) => call.startsWith('download'))).toBe(false);
});

test('1 prompts for a name, of any characters, and downloads that file', async () => {
  const controls = new FakeControls();
  done(controls);
  const { code, calls } = await run('1\nmy "first" film\n1\n"quoted name"\n(1)\n--wait\n3\n', { controls });
  expect(code).toBe(0);
  expect(calls.filter((call) => call.startsWith('download'))).toEqual([
    'download my "first" film',
    'download quoted name',
    'download --wait',
  ]);
});

test('after a wrong choice the menu asks again', async () => {
  const { code, error, out } = await run('7\nnonsense\n\u202e\n2\n3\n');
  expect(code).toBe(1);
  expect(error).toMatch(/error: line 1 "7": "7" is not in the menu\nhint: Choose 1, 2 or 3\.\n/);
  expect(error).toMatch(/line 2 "nonsense": "nonsense" is not in the menu/);
  expect(error).not.toContain('\u202e');
  expect(out).toContain('No files are shared yet');
});

test('of several files one is chosen by its number', async () => {
  const controls = new FakeControls();
  const hits = [hitOf('a/film.mkv', 10, 1), hitOf('b/film.mkv', 20, 2)];
  controls.answer = (what) =>
    what === 'film.mkv'
      ? { kind: 'choose', exact: true, hits }
      : { kind: 'started', download: downloadOf(1, what, { state: 'done' }) };
  const { code, out, error, calls } = await run('1\nfilm.mkv\n3\n0\n2\n3\n', { controls });
  expect(out).toContain('Different files are named "film.mkv"');
  expect(error).toBe(
    [3, 0]
      .map((typed, index) => {
        const place = `line ${index + 3} "${typed}"`;
        return `error: ${place}: "${typed}" is not a number of the list\nhint: Choose 1-2, or enter an empty line to choose none.\n`;
      })
      .join(''),
  );
  expect(code).toBe(1);
  expect(calls.filter((call) => call.startsWith('download'))).toEqual([
    'download film.mkv',
    `download ${fileIdOf(2)}`,
  ]);
});

test('an unanswered choice is a failure, the choice "none" is not', async () => {
  const controls = new FakeControls();
  controls.answer = () => ({ kind: 'choose', exact: true, hits: [hitOf('a', 1, 1), hitOf('b/a', 1, 2)] });
  expect((await run('1\na\n', { controls })).code).toBe(1);
  expect((await run('1\na\n\n3\n', { controls })).code).toBe(0);
});

test('the command "menu" opens the menu, an empty line returns to the commands', async () => {
  const { code, out, error, calls } = await run('menu\n2\n\npeers\nquit\n', { menu: false });
  expect({ code, error }).toEqual({ code: 0, error: '' });
  expect(out.startsWith(MENU)).toBe(true);
  expect(calls).toContain('peers');
});

test('without the menu a number is an unknown command', async () => {
  const { code, error } = await run('2\n', { menu: false });
  expect(code).toBe(1);
  expect(error).toContain('unknown command "2"');
});

test('status lists the limits in force', async () => {
  const lines = ['status', 'limit up 20M', 'limit down LAN 5M', 'status', 'status --json', ''];
  const { out } = await run(lines.join('\n'), { menu: false });
  expect(out).toMatch(/^Limits +none$/m);
  expect(out).toMatch(/^Limits +up 20\.0 MB\/s, down lan 5\.0 MB\/s$/m);
  expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({
    limits: [{ scope: 'total', up: 20_000_000, down: null }, {}, { scope: 'lan', down: 5_000_000 }, {}],
  });
});

test('limit shows and changes the limits', async () => {
  const lines = ['limit up 20M', 'limit DOWN 500k', 'limit down off', 'limit up LAN 5M', 'limit down all 1k'];
  const { code, out, calls } = await run([...lines, 'limit up lan off', 'limit --json', ''].join('\n'), {
    menu: false,
  });
  expect(code).toBe(0);
  expect(calls).toEqual([
    'setLimits up total 20000000',
    'setLimits down total 500000',
    'setLimits down total ',
    'setLimits up lan 5000000',
    'setLimits down total 1000',
    'setLimits up lan ',
  ]);
  expect(out).toMatch(/^everything +20.0 MB\/s +1.0 MB\/s +1.0 kB\/s +2.0 MB\/s$/m);
  expect(out).toMatch(/^lan: the local network +5.0 MB\/s +1.0 MB\/s +no limit +2.0 MB\/s$/m);
  expect(out).toMatch(/^elsewhere +no limit +- +no limit +-$/m);
  expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({
    ok: true,
    up: 20_000_000,
    down: 1_000,
    items: [
      { scope: 'total', up: 20_000_000, down: 1_000, sending: 1_000_000, receiving: 2_000_000 },
      { scope: 'loopback', up: null, down: null, sending: 0, receiving: 0 },
      { scope: 'lan', up: null, down: null, sending: 1_000_000, receiving: 2_000_000 },
      { scope: 'elsewhere', up: null, down: null, sending: 0, receiving: 0 },
    ],
  });
});

test.each([
  ['limit sideways 1M', /"sideways" is neither up nor down/],
  ['limit up', /limit up needs a rate, or off/],
  ['limit up fast', /"fast" is not a rate\n.*or off for no limit/],
  ['limit up 0', /"0" is not a rate/],
  ['limit up 20', /"20" has no unit.*\n.*20M for megabytes/],
  ['limit 20M', /"20M" is neither up nor down/],
  ['limit up 1M 2M', /"1M" is not a class of networks\n.*total, loopback, lan, elsewhere/],
  ['limit up lan', /limit up lan needs a rate, or off/],
  ['limit up lan 1M 2M', /at most 3 arguments/],
])('%s is reported with a hint', async (line, message) => {
  const { code, error, calls } = await run(`${line}\n`, { menu: false });
  expect(code).toBe(1);
  expect(error).toMatch(message);
  expect(error).toMatch(/^hint: /m);
  expect(calls).toEqual([]);
});
