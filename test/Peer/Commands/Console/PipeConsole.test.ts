import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { CommandInterface } from '../../../../Peer/CommandInterface.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { downloadOf, entryOf, FakeControls, hitOf, peerOf } from '../FakeControls.ts';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function pipe(input: Readable, controls = new FakeControls(), output: Writable = new Sink()) {
  const errors = new Sink();
  const clock = new SimulatedClock();
  const console = new CommandInterface({
    controls,
    input,
    output,
    errorOutput: errors,
    clock,
    isTerminal: false,
    width: () => undefined,
    color: false,
  });
  const stopping = new AbortController();
  return {
    controls,
    clock,
    console,
    stopping,
    ended: console.run({ signal: stopping.signal }),
    output,
    errors,
  };
}

async function run(lines: string | Buffer, controls = new FakeControls()) {
  const { ended, output, errors } = pipe(Readable.from([lines]), controls);
  const code = await ended;
  return { code, out: output instanceof Sink ? output.text : '', err: errors.text, calls: controls.calls };
}

describe('a pipe', () => {
  test('runs its lines in order, without a prompt, and ends with 0', async () => {
    const controls = new FakeControls();
    controls.files = [entryOf('film.mkv', 10)];
    controls.others = [peerOf(2, 'bob')];
    const { code, out, err, calls } = await run('\n# a script\n  list \r\nPEERS\nwhoami', controls);
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out).not.toContain('shoal>');
    expect(calls).toEqual(['scanned', 'networkReady 3000', 'peers']);
    expect(out.indexOf('film.mkv')).toBeLessThan(out.indexOf('bob'));
    expect(out.indexOf('bob')).toBeLessThan(out.indexOf('myself'));
    expect(out).not.toContain('\u001b');
  });

  test('waits once for the network and once for the scan', async () => {
    const controls = new FakeControls();
    controls.hits = [hitOf('film.mkv', 10, 1)];
    controls.others = [peerOf(1, 'alice')];
    controls.remote.set('alice', [entryOf('x', 1)]);
    const { calls, code } = await run('help\nme\nls alice\nsearch a b\nrefresh\nlist\nls\n', controls);
    expect(code).toBe(0);
    expect(calls).toEqual([
      'scanned',
      'networkReady 3000',
      'findPeer alice',
      'listPeer alice',
      'search a b',
      'refresh',
    ]);
  });

  test('its first command on the network waits for the first scan, but not for that of a huge share', async () => {
    const controls = new FakeControls();
    controls.scan = new Promise(() => {});
    const { ended, clock } = pipe(Readable.from(['peers\n']), controls);
    await clock.advanceAsync(9_999);
    expect(controls.calls).toEqual(['scanned']);
    await clock.advanceAsync(1);
    expect(await ended).toBe(0);
    expect(controls.calls).toEqual(['scanned', 'networkReady 3000', 'peers']);
  });

  test('a download ends before the next line begins', async () => {
    const controls = new FakeControls();
    const { ended, output, clock } = pipe(Readable.from(['download film.mkv\nlist\n']), controls);
    for (let turn = 0; turn < 10; turn++) await clock.flush();
    expect(controls.calls).toEqual(['scanned', 'networkReady 3000', 'download film.mkv', 'finished 1']);
    expect(output instanceof Sink && output.text).toBe('');
    controls.update(1, { state: 'done', bytes: 100_000_000, tookMs: 2_000, finalPath: '/s/film.mkv' });
    expect(await ended).toBe(0);
    expect(output instanceof Sink && output.text).toMatch(
      /^film\.mkv is done: 100 MB in 2\.0 s \(50\.0 MB\/s\): \/s\/film\.mkv\n/,
    );
  });

  test('--no-wait goes on at once; the end is printed on the error output', async () => {
    const controls = new FakeControls();
    const input = new PassThrough();
    const { ended, output, errors, clock } = pipe(input, controls);
    input.write('download a --no-wait\nwhoami\n');
    for (let turn = 0; turn < 10; turn++) await clock.flush();
    expect(output instanceof Sink && output.text).toMatch(
      /^Downloading a \(100 MB\) as number 1\nName +myself/,
    );
    controls.update(1, { state: 'done', bytes: 100_000_000 });
    input.end('dls\n');
    expect(await ended).toBe(0);
    expect(errors.text).toBe('a is done: 100 MB\n');
  });

  test('a failure names its line, gives the hint, does not stop the rest, and makes the exit code 1', async () => {
    const controls = new FakeControls();
    controls.trouble = new ShoalError('NOT_FOUND', 'nobody has "no\u001bpe"', { hint: 'Try: search' });
    const { code, out, err } = await run('me\ndownload nope\nme\n', controls);
    expect(code).toBe(1);
    expect(err).toBe('error: line 2 "download nope": nobody has "no\\u{1b}pe"\nhint: Try: search\n');
    expect(out.match(/myself/g)).toHaveLength(2);
  });

  test.each([
    [
      'failed',
      new ShoalError('DISK_FULL', 'the disk is full', { hint: 'Make room.' }),
      'the disk is full',
      'hint: Make room.',
    ],
    ['paused', undefined, 'film.mkv is paused', 'hint: Continue: resume 1'],
    ['cancelled', undefined, 'film.mkv was cancelled', 'hint: Start it again: download <file>'],
  ] as const)('a download that is %s is a failure', async (state, error, sentence, hint) => {
    const controls = new FakeControls();
    controls.running = [downloadOf(1, 'film.mkv', { state, error })];
    controls.answer = () => ({ kind: 'started', download: downloadOf(1, 'film.mkv') });
    const { code, err } = await run('download film.mkv\n', controls);
    expect(code).toBe(1);
    expect(err).toContain(sentence);
    expect(err).toContain(hint);
  });

  test('a choice is a failure that shows the table', async () => {
    const controls = new FakeControls();
    controls.answer = () => ({ kind: 'choose', exact: true, hits: [hitOf('a', 1, 1), hitOf('b/a', 2, 2)] });
    const { code, out, err } = await run('download a\n', controls);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(
      /Different files are named "a"[\s\S]*00020002[\s\S]*Choose one by its id: download 00010001\nerror: line 1/,
    );
  });

  test('an unexpected error is one line', async () => {
    const controls = new FakeControls();
    controls.trouble = new TypeError('cannot read x of undefined');
    const { code, err } = await run('search film\n', controls);
    expect(code).toBe(1);
    expect(err).toBe('error: line 1 "search film": cannot read x of undefined\n');
  });

  test('quit ends it before the rest', async () => {
    const { code, out } = await run('bye\nwhoami\n');
    expect({ code, out }).toEqual({ code: 0, out: '' });
  });

  test('peers in all their forms', async () => {
    const controls = new FakeControls();
    controls.others = [peerOf(2, 'my pc')];
    controls.files = [entryOf('pics/a.jpg', 1)];
    const { calls, out } = await run(
      [
        'ls pics',
        'ls pics/',
        'ls 127.0.0.1:9002',
        'ls 127.0.0.1 9002',
        'ls 127.0.0.1 9002 sub',
        'ls "my pc" sub/',
      ].join('\n'),
      controls,
    );
    expect(out.match(/a\.jpg/g)).toHaveLength(2);
    expect(calls.filter((call) => call.startsWith('listPeer'))).toEqual([
      'listPeer my pc',
      'listPeer my pc',
      'listPeer my pc sub',
      'listPeer my pc sub',
    ]);
    const answered = await run(
      'get 127.0.0.1 9002 x --no-wait\nget "my pc" y --no-wait\nconnect 10.0.0.1 9001\nconnect 10.0.0.1:9001\n',
      controls,
    );
    expect(answered.code).toBe(0);
    expect(answered.calls.filter((call) => /^(downloadAt|connect)/.test(call))).toEqual([
      'downloadAt my pc x',
      'downloadAt my pc y',
      'connect 10.0.0.1:9001',
      'connect 10.0.0.1:9001',
    ]);
  });

  test.each([
    ['ls nowhere', 'no folder or peer is named "nowhere"'],
    ['ls ./nowhere', 'the share has no folder "nowhere"'],
    ['ls a b c', 'is not a host and a port'],
    ['get a 99999 c', 'is not a host and a port'],
    ['connect 10.0.0.1', 'has no port'],
    ['connect 10.0.0.1:99999', 'outside 1-65535'],
    ['connect 10.0.0.1 x', 'not a host and a port'],
    ['pause 7', 'no download "7"'],
    ['help nonsense', 'unknown command "nonsense"'],
    ['download "film', 'has no closing quote'],
  ])('%j fails with a sentence and a hint', async (line, sentence) => {
    const { code, err, out } = await run(`${line}\n`);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toContain(sentence);
    expect(err).toMatch(/\nhint: .+\n$/);
  });
});

describe('output for programs', () => {
  test('one line of JSON per command, with all text from strangers escaped', async () => {
    const controls = new FakeControls();
    controls.hits = [hitOf('x/fi\u001b\u202e\u009blm.mkv', 10, 1, 2)];
    const { out } = await run('search film --json\nwhoami --json\npause 9 --json\n', controls);
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    const [search, whoami, failed] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(search).toMatchObject({ version: 1, command: 'search', ok: true, truncated: false });
    expect(search.items[0]).toMatchObject({
      name: 'fi\u001b\u202e\u009blm.mkv',
      size: 10,
      sources: [
        { host: '127.0.0.1', port: 9_001, complete: true },
        { host: '127.0.0.1', port: 9_002, complete: false },
      ],
    });
    expect(whoami).toMatchObject({ version: 1, command: 'whoami', ok: true, name: 'myself', port: 9_001 });
    expect(failed).toMatchObject({
      command: 'pause',
      ok: false,
      error: { code: 'NOT_FOUND', message: 'there is no download "9"', hint: 'See them: downloads' },
    });
  });

  test('every list has the promised items', async () => {
    const controls = new FakeControls();
    controls.files = [entryOf('a', 1)];
    controls.others = [peerOf(1)];
    controls.running = [downloadOf(1, 'x/y.bin')];
    const { out } = await run(
      ['list', 'peers', 'dls', 'status', 'tracker', 'help'].map((line) => `${line} --json`).join('\n'),
      controls,
    );
    const [list, peers, downloads, status] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(Object.keys(list.items[0])).toEqual(expect.arrayContaining(['id', 'path', 'size', 'modified']));
    expect(Object.keys(peers.items[0])).toEqual(expect.arrayContaining(['id', 'name', 'host', 'port']));
    expect(Object.keys(downloads.items[0])).toEqual(
      expect.arrayContaining(['id', 'name', 'size', 'path', 'state', 'bytes', 'sources']),
    );
    expect(status).toMatchObject({ port: 9_001, share: { files: 1 }, sent: 5_000_000 });
  });
});

describe('bad input', () => {
  test('a line beyond 64 KiB is refused, the next one runs', async () => {
    const { code, out, err } = await run(`search ${'x'.repeat(70_000)}\nwhoami\n`);
    expect(code).toBe(1);
    expect(err).toBe(
      'error: line 1: the line is longer than 64 KiB\nhint: Write one command per line. List of commands: help\n',
    );
    expect(out).toContain('myself');
  });

  test('JSON names the command also when its arguments are wrong', async () => {
    const { out } = await run('dl --json\nswarm --json\nnonsense --json\n');
    const commands = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).command);
    expect(commands).toEqual(['download', 'swarm', '']);
  });

  test('input that is not UTF-8 text is an error and ends the console', async () => {
    for (const garbage of [
      Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
      Buffer.from('me\u0000\n'),
      Buffer.from([0x1b, 0x5b, 0x41, 0x0a]),
    ]) {
      const { code, out, err } = await run(Buffer.concat([garbage, Buffer.from('whoami\n')]));
      expect(code).toBe(1);
      expect(out).toBe('');
      expect(err).toContain(
        'error: line 1: the input is not text: it has control characters, or is not UTF-8',
      );
    }
  });

  test('lines are joined from any chunks of bytes, without the byte order mark', async () => {
    const controls = new FakeControls();
    const bytes = Buffer.from('\ufeffsearch 电影\nsearch b');
    const pieces = Array.from(bytes, (byte) => Buffer.from([byte]));
    const { ended } = pipe(Readable.from(pieces), controls);
    expect(await ended).toBe(0);
    expect(controls.calls.filter((call) => call.startsWith('search'))).toEqual(['search 电影', 'search b']);
  });

  test('lines piped before the console begins are not lost', async () => {
    const input = new PassThrough();
    input.end('whoami\nquit\n');
    await new Promise((resolve) => setImmediate(resolve));
    const { ended, output } = pipe(input);
    expect(await ended).toBe(0);
    expect(output instanceof Sink && output.text).toContain('myself');
  });

  test('a reader that goes away (EPIPE) is survived, and the commands still run', async () => {
    const controls = new FakeControls();
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const { ended } = pipe(Readable.from(['whoami\nsearch a\nsearch b\n']), controls, broken);
    expect(await ended).toBe(0);
    expect(controls.calls.slice(-2)).toEqual(['search a', 'search b']);
  });

  test('an abort ends a running download command and counts as a failure', async () => {
    const { ended, stopping, clock, errors, controls, console } = pipe(Readable.from(['download a\nme\n']));
    for (let turn = 0; turn < 10; turn++) await clock.flush();
    expect(controls.calls).toContain('finished 1');
    stopping.abort();
    expect(await ended).toBe(1);
    expect(errors.text).toContain('stopped waiting for a');
    expect(errors.text).toMatch(
      /\n1 download is not complete\. It continues when a peer starts again with --share \S+\n$/,
    );
    await console.close();
    expect(controls.listeners).toBe(0);
  });

  test('an abort while waiting for input ends it with 0', async () => {
    const { ended, stopping } = pipe(new PassThrough());
    stopping.abort();
    expect(await ended).toBe(0);
  });
});
