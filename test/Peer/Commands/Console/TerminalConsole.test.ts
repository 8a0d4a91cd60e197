import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { CommandInterface } from '../../../../Peer/CommandInterface.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { seeds } from '../../../Support/seeds.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';
import { downloadOf, entryOf, FakeControls, hitOf, peerOf } from '../FakeControls.ts';
import { ScreenEmulator } from './ScreenEmulator.ts';

/** A console on an emulated terminal, with functions to type and to wait. */
function terminal(controls = new FakeControls(), columns = 80, historyFile?: string, menu = false) {
  const clock = new SimulatedClock();
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), { setRawMode: (on: boolean) => raw.push(on) });
  const screen = new ScreenEmulator(columns);
  let onContinued = () => {};
  const console = new CommandInterface({
    controls,
    input,
    output: screen,
    errorOutput: screen,
    clock,
    isTerminal: true,
    width: () => columns,
    color: false,
    historyFile,
    menu,
    onContinued: (listener) => {
      onContinued = listener;
      return () => {};
    },
  });
  const stopping = new AbortController();
  let code: number | undefined;
  const ended = console.run({ signal: stopping.signal }).then((value) => {
    code = value;
    return value;
  });
  const settle = async () => {
    for (let turn = 0; turn < 6; turn++) await clock.flush();
  };
  const type = async (keys: string) => {
    input.write(keys);
    await settle();
  };
  const continued = async () => {
    raw.length = 0;
    onContinued();
    await settle();
  };
  return {
    controls,
    clock,
    input,
    raw,
    screen,
    console,
    stopping,
    ended,
    type,
    settle,
    continued,
    code: () => code,
  };
}

describe('a person at the console', () => {
  test('sees a prompt, the line typed, its result, and a prompt again', async () => {
    const { screen, type, ended, controls } = terminal();
    controls.files = [entryOf('film.mkv', 1_500_000_000)];
    await type('LIST\r');
    expect(screen.lines[0]).toBe('shoal> LIST');
    expect(screen.lines[3]).toMatch(/^film\.mkv +1\.5 GB/);
    expect(screen.lines.at(-1)).toBe('shoal>');
    await type('q\r');
    expect(await ended).toBe(0);
    expect(screen.lines.at(-1)).toBe('shoal> q');
    expect(controls.listeners).toBe(0);
  });

  test('after Ctrl-Z and fg: raw mode again, the typed line again, and keys work', async () => {
    const { screen, type, continued, raw } = terminal();
    await type('who');
    screen.clear();
    await continued();
    expect(raw).toEqual([false, true]);
    expect(screen.lines).toEqual(['shoal> who']);
    await type('ami\r');
    expect(screen.lines[0]).toBe('shoal> whoami');
    expect(screen.lines[1]).toMatch(/^Name +myself/);
  });

  test('sentences on a narrow terminal wrap between their words', async () => {
    const { screen, type } = terminal(new FakeControls(), 40);
    await type('peers\r');
    expect(screen.lines.slice(1)).toEqual([
      'No other peers yet. Start one on another',
      'computer, or connect to one by its',
      'address: connect <host:port>',
      'shoal>',
    ]);
  });

  test('a command that fails says why and what to do, and the console goes on', async () => {
    const { screen, type, ended, controls } = terminal();
    await type('serach film\r');
    expect(screen.lines.slice(1)).toEqual([
      'error: unknown command "serach"',
      'hint: Did you mean search?',
      'shoal>',
    ]);
    controls.trouble = new TypeError('a bug');
    await type('search film\r');
    expect(screen.lines).toContain('error: a bug');
    await type('\u0004');
    expect(await ended).toBe(0);
  });

  test('is guided by the menu, with a prompt that names the expected input', async () => {
    const { screen, type, ended, controls, settle } = terminal(new FakeControls(), 80, undefined, true);
    await settle();
    controls.answer = (what) =>
      what === 'film.mkv'
        ? { kind: 'choose', exact: true, hits: [hitOf('a/film.mkv', 10, 1), hitOf('b/film.mkv', 20, 2)] }
        : { kind: 'started', download: downloadOf(1, 'film.mkv') };
    expect(screen.lines).toEqual(['(1) download a file', '(2) list files', '(3) quit', 'Choose 1-3:']);
    await type('x');
    await type('\t'); // Offers no commands here.
    await type('\r');
    expect(screen.lines.slice(3)).toEqual([
      'Choose 1-3: x',
      'error: "x" is not in the menu',
      'hint: Choose 1, 2 or 3.',
      'Choose 1-3:',
    ]);
    await type('1\r');
    expect(screen.lines.at(-1)).toBe('Name of the file:');
    await type('film.mkv\r');
    expect(screen.lines.at(-1)).toBe('Which one, 1-2:');
    expect(screen.lines.join('\n')).not.toContain('error: several');
    await type('2\r');
    expect(screen.lines.slice(-5)).toEqual([
      'Downloading film.mkv (100 MB) as number 1',
      '(1) download a file',
      '(2) list files',
      '(3) quit',
      'Choose 1-3:',
    ]);
    await type('3\r');
    expect(await ended).toBe(0);
  });

  test('opens the menu by a command, and leaves it by an empty line', async () => {
    const { screen, type } = terminal();
    await type('menu\r');
    expect(screen.lines.slice(-4)).toEqual([
      '(1) download a file',
      '(2) list files',
      '(3) quit',
      'Choose 1-3:',
    ]);
    await type('\r');
    expect(screen.lines.at(-1)).toBe('shoal>');
  });

  test('lines that arrive while a command runs wait for their turn', async () => {
    const { screen, type, controls, settle } = terminal();
    let ready: (value: boolean) => void = () => {};
    controls.ready = new Promise((resolve) => {
      ready = resolve;
    });
    await type('peers\rwhoami\r');
    expect(screen.lines).toEqual(['shoal> peers']);
    ready(true);
    await settle();
    expect(screen.lines[1]).toMatch(/^No other peers yet/);
    expect(screen.lines).toContain('shoal> whoami');
    expect(screen.lines).toContain('Name       myself');
  });

  test('a download runs in the background and its end is printed once, above the typed text', async () => {
    const { screen, type, controls, clock, settle } = terminal();
    await type('download film.mkv\r');
    expect(screen.lines).toContain('Downloading film.mkv (100 MB) as number 1');
    await type('sear');
    controls.update(1, { bytes: 50_000_000, bytesPerSecond: 10_000_000, secondsLeft: 5 });
    await clock.advanceAsync(250);
    expect(screen.lines.slice(-2)).toEqual([
      'film.mkv                   ██████░░░░░░   50 %  10.0 MB/s  5 s left  no sources',
      'shoal> sear',
    ]);
    controls.update(1, { state: 'done', bytes: 100_000_000, tookMs: 10_000, finalPath: '/share/film.mkv' });
    const [download] = controls.running;
    controls.tell({ kind: 'download', text: 'film.mkv is done', ...(download && { download }) });
    await settle();
    await clock.advanceAsync(250);
    expect(screen.lines).toEqual([
      'shoal> download film.mkv',
      'Downloading film.mkv (100 MB) as number 1',
      'film.mkv is done: 100 MB in 10 s (10.0 MB/s): /share/film.mkv',
      'shoal> sear',
    ]);
  });

  test('the end of a download whose command still runs is printed once, by the command', async () => {
    const { screen, type, controls } = terminal();
    controls.answer = (what) => {
      const download = downloadOf(1, what, {
        state: 'done',
        bytes: 100_000_000,
        bytesFromBefore: 100_000_000,
      });
      controls.running = [download];
      controls.tell({ kind: 'download', text: 'x', download });
      controls.tell({
        kind: 'download',
        text: 'x',
        download: { ...download, number: 7, path: 'resumed.bin' },
      });
      return { kind: 'started', download };
    };
    await type('download film.mkv\r');
    const ends = screen.lines.filter((line) => line.includes('is here already'));
    expect(ends.toSorted()).toEqual(['film.mkv is here already', 'resumed.bin is here already']);
  });

  test('a command that ignores Ctrl-C is abandoned after a second', async () => {
    const { screen, type, controls, clock, ended } = terminal();
    controls.peers = () => new Promise(() => {});
    await type('peers\r');
    await type('\u0003');
    expect(screen.lines).toEqual(['shoal> peers']);
    await clock.advanceAsync(1_000);
    expect(screen.lines).toEqual(['shoal> peers', 'error: interrupted', 'shoal>']);
    await type('peers\r');
    await type('\u0003');
    await type('\u0003');
    await clock.advanceAsync(1_000);
    expect(await ended).toBe(0);
  });

  test('a choice is a table, and choosing by id works', async () => {
    const { screen, type, controls } = terminal();
    controls.answer = () => ({
      kind: 'choose',
      exact: true,
      hits: [hitOf('film.mkv', 10, 0xa1), hitOf('x/film.mkv', 20, 0xa2)],
    });
    await type('download film.mkv\r');
    expect(screen.lines).toContain('Different files are named "film.mkv":');
    expect(screen.lines).toContain('Choose one by its id: download 00a100a1');
    expect(screen.lines.join('\n')).not.toContain('error');
    controls.answer = undefined;
    await type('download 00a2\t');
    await type('\r');
    expect(controls.calls).toContain(`download ${'00a2'.repeat(16)}`);
  });

  test('news comes above the typed line; warnings too', async () => {
    const { screen, type, controls, console } = terminal();
    await type('pee');
    controls.tell({ kind: 'peer', text: 'alice is here' });
    controls.tell({ kind: 'warning', text: 'the disk is nearly full' });
    console.printLine('a line of the log');
    expect(screen.lines).toEqual([
      'alice is here',
      'the disk is nearly full',
      'a line of the log',
      'shoal> pee',
    ]);
    expect(screen.cursor).toEqual({ row: 3, column: 10 });
    await console.close();
    console.printLine('after the end');
    expect(screen.lines.at(-1)).toBe('after the end');
  });

  test('Ctrl-C ends a running command, then clears a line, then leaves', async () => {
    const { screen, type, controls, ended, code } = terminal();
    controls.ready = new Promise(() => {});
    await type('peers\r');
    await type('\u0003');
    expect(screen.lines).toEqual(['shoal> peers', 'error: interrupted', 'shoal>']);
    await type('half a comm');
    await type('\u0003');
    expect(screen.lines.at(-1)).toBe('shoal>');
    await type('me\r');
    expect(screen.lines).toContain('shoal> me');
    expect(code()).toBeUndefined();
    await type('\u0003');
    expect(await ended).toBe(0);
  });

  test('Ctrl-C while waiting for a download ends the waiting, not the download', async () => {
    const { screen, type, controls, settle } = terminal();
    await type('download film.mkv --wait\r');
    expect(screen.lines.at(-1)).toBe('shoal> download film.mkv --wait');
    await type('\u0003');
    expect(screen.lines).toContain('error: stopped waiting for film.mkv');
    expect(controls.calls).not.toContain('cancel 1');
    controls.update(1, { state: 'done', bytes: 100_000_000, tookMs: 2_000 });
    await settle();
    expect(screen.lines.at(-2)).toBe('film.mkv is done: 100 MB in 2.0 s (50.0 MB/s)');
  });

  test('pause and cancel are reported once, by the command', async () => {
    const { screen, type } = terminal();
    await type('download a.bin\rpause 1\r');
    await type('resume 1\rcancel 1\r');
    const reported = screen.lines.filter((line) => /^paused|^cancelled|is paused|was cancelled/i.test(line));
    expect(reported).toEqual([
      'Paused a.bin. Continue: resume 1',
      'Cancelled a.bin and removed its unfinished file',
    ]);
  });

  test('Tab completes commands, found names with quotes, and shows what there is to choose', async () => {
    const { screen, type, controls } = terminal();
    controls.hits = [hitOf('my film.mkv', 5, 1), hitOf('my dog.mkv', 5, 2)];
    controls.others = [peerOf(1, 'alice')];
    await type('search my\r');
    await type('downl\t');
    expect(screen.lines.at(-1)).toBe('shoal> download');
    await type('\t');
    await type('s \t');
    await type('\u0015download m\t');
    expect(screen.lines.at(-1)).toBe('shoal> download "my');
    await type('\t');
    expect(screen.lines.at(-2)).toBe('my dog.mkv   my film.mkv');
    await type('f\t');
    await type('\r');
    expect(controls.calls).toContain('download my film.mkv');
    await type('ls al\t');
    await type('\r');
    expect(controls.calls).toContain('findPeer alice');
  });

  test('a list shows 500 rows, and completion 60 choices; the rest is counted', async () => {
    const { screen, type, controls } = terminal();
    controls.hits = Array.from({ length: 501 }, (_, number) => hitOf(`my ${number}.txt`, 5, number));
    await type('search my\r');
    expect(screen.lines.filter((line) => /^ *my \d+\.txt/.test(line))).toHaveLength(500);
    expect(screen.lines.join('\n')).toContain('1 more');
    const before = screen.lines.length;
    await type('download m\t');
    await type('\t');
    const shown = screen.lines.slice(before - 1).join(' ');
    expect(shown.match(/my \d+\.txt/g)).toHaveLength(60);
    expect(shown).toMatch(/… and \d+ more/);
  });

  test('close() ends it, during a command too, twice as well; after an abort it never begins', async () => {
    const { console, type, controls, ended } = terminal();
    controls.ready = new Promise(() => {});
    await type('peers\r');
    await Promise.all([console.close(), console.close()]);
    expect(await ended).toBe(0);
    const other = terminal();
    other.stopping.abort();
    expect(await other.ended).toBe(0);
    await other.console.close();
  });

  test('help has 80 columns at most, also in a wider terminal', async () => {
    const { screen, type } = terminal(new FakeControls(), 200);
    await type('help\rhelp download\r');
    expect(screen.lines).toContain('shoal> help download');
    expect(Math.max(...screen.lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test('a line of more than 64 KiB is refused', async () => {
    const { screen, type } = terminal();
    await type(`${' '.repeat(65_525)}whoami     x\r`);
    expect(screen.lines).toContain('error: the line is longer than 64 KiB');
  });

  test('the arrow keys reach back 1,000 lines', async () => {
    const { screen, type } = terminal();
    await type(Array.from({ length: 1_002 }, (_, number) => `#${number}\r`).join(''));
    await type('\u001b[A'.repeat(1_000));
    expect(screen.lines.at(-1)).toBe('shoal> #2');
    await type('\u001b[A');
    expect(screen.lines.at(-1)).toBe('shoal>');
  });

  test('history is kept between runs, in a file of the owner only', async () => {
    const folder = await TempFolder.forTest();
    const path = folder.at('state', 'history');
    const first = terminal(new FakeControls(), 80, path);
    await new Promise((resolve) => setImmediate(resolve));
    while (!first.screen.raw.includes('shoal>')) await first.settle();
    await first.type('whoami\rhelp quit\r');
    await first.type('quit\r');
    await first.ended;
    const second = terminal(new FakeControls(), 80, path);
    while (!second.screen.raw.includes('shoal>')) await second.settle();
    await second.type('\u001b[A\u001b[A');
    expect(second.screen.lines.at(-1)).toBe('shoal> help quit');
    await second.console.close();
  });
});

describe('progress never garbles what is typed', () => {
  test('an update in place touches the progress line only', async () => {
    const { screen, type, controls, clock } = terminal(new FakeControls(), 40);
    controls.running = [downloadOf(1, 'a.bin', { bytes: 10_000_000, bytesPerSecond: 1e6, secondsLeft: 90 })];
    await type('list some folder that wraps the row');
    await clock.advanceAsync(250);
    screen.raw = '';
    controls.update(1, { bytes: 20_000_000, secondsLeft: 80 });
    await clock.advanceAsync(1_000);
    expect(screen.raw).toBe(
      '\u001b[2A\ra.bin  20 %  1.0 MB/s  1 min 20 s left\u001b[K\n\u001b[1B\r\u001b[2C',
    );
    expect(screen.lines.slice(-2)).toEqual(['shoal> list some folder that wraps the r', 'ow']);
  });

  test('at most five times a second, and not at all when nothing changes', async () => {
    const { screen, controls, clock, settle } = terminal();
    controls.running = [downloadOf(1, 'a.bin')];
    await settle();
    screen.raw = '';
    for (let step = 1; step <= 100; step++) {
      controls.update(1, { bytes: step * 1_000_000, bytesPerSecond: 1e6 });
      await clock.advanceAsync(10);
    }
    expect(screen.raw.split('a.bin').length - 1).toBeLessThanOrEqual(5);
    screen.raw = '';
    await clock.advanceAsync(5_000);
    expect(screen.raw).toBe('');
  });

  const KEYS = [
    'a',
    'b',
    ' ',
    '电',
    '影',
    '🎬',
    'é',
    '\u007f',
    '\u001b[D',
    '\u001b[C',
    '\u001b[H',
    '\u001b[F',
  ];

  test.each(seeds(60))(
    'any keys, pastes, news and downloads: the screen shows what readline holds (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const columns = random.int(20, 40);
      const { screen, type, controls, clock, settle } = terminal(new FakeControls(), columns);
      // readline asks the stream itself.
      await settle();
      const news: string[] = [];
      let typed: string[] = [];
      let at = 0;
      for (let step = 0; step < 80; step++) {
        const what = random.int(0, 9);
        if (what <= 5) {
          // Letters of a paste come in one piece; a key alone.
          const key = random.pick(KEYS);
          await type(key);
          ({ typed, at } = afterKey(typed, at, key));
        } else if (what === 6 && at === typed.length) {
          const paste = Array.from({ length: random.int(2, 30) }, () => random.pick(['x', 'y', '影']));
          await type(paste.join(''));
          typed = [...typed, ...paste];
          at = typed.length;
        } else if (what === 7) {
          news.push(`news ${step}`);
          controls.tell({ kind: 'peer', text: `news ${step}` });
        } else if (what === 8) {
          const count = random.int(0, 3);
          controls.running = Array.from({ length: count }, (_, index) =>
            downloadOf(index + 1, `file ${index}`, { bytes: random.int(0, 100_000_000) }),
          );
        } else await clock.advanceAsync(250);
      }
      await clock.advanceAsync(250);
      const live = controls.running.length;
      const shown = screen.lines;
      expect(shown.slice(0, news.length)).toEqual(news);
      const rest = shown.slice(news.length);
      for (let index = 0; index < live; index++) expect(rest[index]).toMatch(/^file \d/);
      expect(rest.slice(live).join('').replaceAll(' ', '')).toBe(
        `shoal>${typed.join('')}`.replaceAll(' ', ''),
      );
    },
  );
});

function afterKey(typed: readonly string[], at: number, key: string): { typed: string[]; at: number } {
  if (key === '\u007f')
    return { typed: typed.toSpliced(Math.max(0, at - 1), Math.min(1, at)), at: Math.max(0, at - 1) };
  if (key === '\u001b[D') return { typed: [...typed], at: Math.max(0, at - 1) };
  if (key === '\u001b[C') return { typed: [...typed], at: Math.min(typed.length, at + 1) };
  if (key === '\u001b[H') return { typed: [...typed], at: 0 };
  if (key === '\u001b[F') return { typed: [...typed], at: typed.length };
  return { typed: typed.toSpliced(at, 0, key), at: at + 1 };
}
