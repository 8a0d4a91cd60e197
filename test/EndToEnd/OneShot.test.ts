import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { LaunchOptions } from '../Support/launch.ts';
import { freePort } from '../Support/launch.ts';
import { someBytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';

const FILM = someBytes(1, 2_500_000);
/** Slow enough to be interrupted, with several chunks. */
const LONG = someBytes(2, 8_000_000);
/** ASCII, since the output of a program is read as text here. */
const TEXT = Buffer.from(someBytes(3, 1_700_000).toString('hex'));

/** Runs one command to its end, by default in a home of its own. */
async function shoal(
  lan: TestLan,
  args: readonly string[],
  options: LaunchOptions & { tracker?: string } = {},
) {
  const { tracker = await lan.tracker(), env, ...rest } = options;
  const program = await lan.launcher.shoal(args, { ...rest, env: { SHOAL_TRACKER: tracker, ...env } });
  const code = await program.exitCode();
  const { stdout, stderr, home } = program;
  return { code, stdout, stderr, home, json: () => JSON.parse(stdout) };
}

/** Starts a peer. Returns it with the home in which `shoal` finds it. */
async function runningPeer(lan: TestLan, name: string, files = {}, home?: string, args: string[] = []) {
  const folder = home ?? (await lan.launcher.folder()).path;
  const peer = await lan.peer(name, { home: folder, files, args: ['--no-console', ...args] });
  await peer.program.line(/shares/); // Its local socket is open.
  return { ...peer, peer, home: folder, share: peer.share, port: peer.port };
}

test.concurrent('without a running peer: search, peers, ls, status as JSON of version 1 with every field', async ({
  lan,
}) => {
  const anna = await lan.seeder('anna', { files: { 'film.mkv': FILM } });
  const search = await shoal(lan, ['search', 'film', '--json']);
  expect({ code: search.code, stderr: search.stderr }).toEqual({ code: 0, stderr: '' });
  const envelope = search.json();
  expect(envelope).toMatchObject({ version: 1, command: 'search', ok: true });
  const [hit] = envelope.items;
  expect(hit).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{64}$/),
    name: 'film.mkv',
    size: FILM.length,
  });
  const source = { host: '127.0.0.1', port: anna.port, complete: true };
  expect(hit.sources).toEqual([expect.objectContaining({ peer: expect.any(String), ...source })]);
  const peers = (await shoal(lan, ['peers', '--json'])).json();
  const { host, port } = source;
  expect(peers.items).toEqual([
    expect.objectContaining({ id: hit.sources[0].peer, name: 'anna', host, port }),
  ]);
  const listing = (await shoal(lan, ['ls', 'anna', '--json'])).json();
  expect(listing).toMatchObject({ version: 1, command: 'ls', ok: true });
  expect(listing.items).toEqual([
    {
      id: hit.id,
      path: 'film.mkv',
      size: FILM.length,
      modified: expect.stringMatching(/^\d{4}-.*Z$/),
      executable: false,
    },
  ]);
  const status = await shoal(lan, ['status', '--json']);
  expect(status.json()).toMatchObject({ command: 'status', ok: true });
  expect(status.stderr).toMatch(/^No peer runs on this computer: .*: shoal peer\n$/);
  expect(await readdir(search.home)).toEqual(expect.not.arrayContaining(['Downloads']));
});

test.concurrent('B9: get without a running peer puts the file into the working directory or -o DIR, and never over another one', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'film.mkv': FILM, 'dir/a': 'a', 'dir/b': 'b' } });
  const cwd = await lan.launcher.folder();
  const got = await shoal(lan, ['get', 'film.mkv', '--json'], { cwd: cwd.path });
  expect(got.code).toBe(0);
  expect(got.json()).toMatchObject({ version: 1, command: 'get', ok: true });
  expect(got.json().items[0]).toMatchObject({
    id: expect.any(String),
    name: 'film.mkv',
    size: FILM.length,
    path: cwd.at('film.mkv'),
    state: 'done',
    bytes: FILM.length,
    sources: [expect.objectContaining({ name: 'anna' })],
  });
  expect(FILM.equals(await readFile(cwd.at('film.mkv')))).toBe(true);
  const again = await shoal(lan, ['get', 'anna', 'film.mkv', '-o', '.'], { cwd: cwd.path });
  expect(again.stdout).toBe(`film.mkv is here already: ${cwd.at('film.mkv')}\n`);
  expect((await shoal(lan, ['get', 'dir/', '-o', 'new/place'], { cwd: cwd.path })).code).toBe(0);
  expect(await readFile(cwd.at('new/place/dir/b'), 'utf8')).toBe('b');
  expect((await readdir(cwd.path)).sort()).toEqual(['film.mkv', 'new']);
});

test.concurrent('a repeated get fetches missing and new files only, and -o NAME names the file', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'film.mkv': FILM, 'dir/a': 'a', 'dir/b': 'b' } });
  const cwd = await lan.launcher.folder();
  const get = (...args: string[]) => shoal(lan, ['get', ...args], { cwd: cwd.path });
  expect(await get('film.mkv', '-o', 'new/name.mkv')).toMatchObject({ code: 0 });
  expect((await get('film.mkv', '-o', 'new/name.mkv')).stdout).toContain('is here already');
  expect(await readdir(cwd.at('new'))).toEqual(['name.mkv']);
  const folder = await get('dir');
  expect(folder.stdout).toMatch(/^"dir" is a folder: dir\/\ndir\/ is done: 2 files/);
  await writeFile(cwd.at('dir/b'), 'changed here');
  await rm(cwd.at('dir/a'));
  await get('dir/');
  expect((await get('dir/')).stdout).toContain('is here already');
  expect((await readdir(cwd.at('dir'))).sort()).toEqual(['a', 'b', 'b (2)']);
  expect(await readFile(cwd.at('dir/b'), 'utf8')).toBe('changed here');
  // Several files: the first failure ends the command; with --keep-going the others are fetched.
  expect(await get('nothing.bin', 'film.mkv')).toMatchObject({ code: 3 });
  expect((await get('nothing.bin', 'film.mkv', 'dir/a', '--keep-going')).code).toBe(11);
  expect((await readdir(cwd.path)).sort()).toEqual(['a', 'dir', 'film.mkv', 'new']);
});

test.concurrent('--timeout ends get with 6 and keeps verified chunks', async ({ lan }) => {
  await lan.seeder('anna', {
    files: { 'long.bin': LONG, 'short.txt': 'short' },
    args: ['--upload-limit', '50K'],
  });
  const cwd = await lan.launcher.folder();
  const get = (seconds: number) =>
    shoal(lan, ['get', 'long.bin', '--timeout', `${seconds}s`], { cwd: cwd.path });
  // Far too short for the whole file, and in the end long enough to start on a busy machine.
  let late = await get(2);
  for (let seconds = 4; (await readdir(cwd.path)).length === 0; seconds *= 2) late = await get(seconds);
  expect(late.code).toBe(6);
  expect(late.stderr).toMatch(/^error: not complete within \d+s: .*verified chunks are kept\nhint: .+\n$/);
  const [kept = '', ...others] = await readdir(cwd.path);
  expect([kept, others]).toEqual([expect.stringMatching(/^\.shoal-/), []]);
  // A completed command removes the leftovers of an earlier run, also of content that it no longer needs.
  const id = createHash('sha256').update('short.txt\0').digest('hex').slice(0, 12);
  await rename(cwd.at(kept), cwd.at(`.shoal-${id}`));
  expect((await shoal(lan, ['get', 'short.txt'], { cwd: cwd.path })).code).toBe(0);
  expect(await readdir(cwd.path)).toEqual(['short.txt']);
});

test.concurrent('with a running peer: it downloads into its share; the socket of a killed peer is ignored', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'film.mkv': FILM, 'other.bin': FILM } });
  const { home, share, port, program } = await runningPeer(lan, 'berta', { 'mine.txt': 'mine' });
  const got = await shoal(lan, ['get', 'film.mkv'], { home });
  expect({ code: got.code, stderr: got.stderr }).toEqual({ code: 0, stderr: '' });
  expect(got.stdout).toContain(share.at('film.mkv'));
  expect(FILM.equals(await readFile(share.at('film.mkv')))).toBe(true);
  const status = (await shoal(lan, ['status', '--json'], { home })).json();
  expect(status).toMatchObject({ name: 'berta', port });
  const listed = (await shoal(lan, ['ls', '--json'], { home })).json().items;
  expect(listed.map(({ path }: { path: string }) => path)).toEqual(['film.mkv', 'mine.txt']);
  expect((await shoal(lan, ['downloads', '--json'], { home })).json().items).toHaveLength(1);
  await program.kill();
  const alone = await shoal(lan, ['search', 'other'], { home });
  expect({ code: alone.code, found: alone.stdout.includes('other.bin') }).toEqual({ code: 0, found: true });
  expect(await readdir(`${home}/.run/shoal`)).toEqual([]);
});

test.concurrent('of several running peers the first started is used and named; --peer selects another', async ({
  lan,
}) => {
  const first = await runningPeer(lan, 'first');
  const second = await runningPeer(lan, 'second', {}, first.home);
  const { home } = first;
  const unsaid = await shoal(lan, ['whoami', '--json'], { home });
  expect(unsaid.json().name).toBe('first');
  expect(unsaid.stderr).toContain(`port ${first.port} (first); for another: --peer ${second.port}`);
  const chosen = await shoal(lan, ['whoami', '--json', '--peer', String(second.port)], { home });
  expect({ name: chosen.json().name, stderr: chosen.stderr }).toEqual({ name: 'second', stderr: '' });
  expect(await shoal(lan, ['whoami', '--peer', '1'], { home })).toMatchObject({ code: 5 });
});

test.concurrent('for another tracker or share than that of the running peer, a guest peer is started', async ({
  lan,
}) => {
  const { home } = await runningPeer(lan, 'berta');
  const other = await lan.launcher.readyTracker();
  const args = ['status', '--json', '--tracker', other.address];
  expect((await shoal(lan, args, { home })).json().name).not.toBe('berta');
  const share = await lan.launcher.folder();
  await share.write('alone.txt', 'x');
  const listed = await shoal(lan, ['ls', '--json', '--share', share.path], { home });
  expect(listed.json().items[0].path).toBe('alone.txt');
});

test.concurrent('exit codes: 0 help, 2 usage, 3 not found, 5 unreachable, 10 conflict; each with one error and one hint', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'film.mkv': FILM } });
  const silent = `127.0.0.1:${await freePort()}`;
  const cwd = await lan.launcher.folder();
  await cwd.write('file', 'x');
  const cases: [number, string[], string?][] = [
    [2, ['serch']],
    [2, ['search']],
    [2, ['peers', '--port', '0']],
    [2, ['get', 'film.mkv', '--upload-limit', 'fast']],
    [3, ['get', 'nothing.bin']],
    [3, ['ls', 'nobody']],
    [3, ['share', 'not-there']],
    [5, ['ls', '127.0.0.1:1']],
    [5, ['search', 'film'], silent],
    [5, ['peers'], silent],
    [5, ['get', 'film.mkv'], silent],
    [5, ['get', 'film.mkv', '-o', '-'], silent],
    [5, ['pause', '1']],
    [10, ['get', 'film.mkv', '-o', 'file']],
  ];
  const check = async ([code, args, tracker]: (typeof cases)[number]) => {
    const end = await shoal(lan, args, { cwd: cwd.path, ...(tracker === undefined ? {} : { tracker }) });
    expect({ args, code: end.code, stdout: end.stdout }).toEqual({ args, code, stdout: '' });
    expect(end.stderr).toMatch(/^error: .+\nhint: .+\n$/);
  };
  // Some wait for an answer that is never sent.
  while (cases.length > 0) await Promise.all(cases.splice(0, 5).map(check));
  const failed = await shoal(lan, ['get', 'nothing.bin', '--json']);
  const error = { code: 'NOT_FOUND', message: expect.any(String), hint: expect.any(String) };
  expect({ ...failed.json(), stderr: failed.stderr }).toEqual({
    version: 1,
    command: 'get',
    ok: false,
    error,
    stderr: '',
  });
  expect((await shoal(lan, ['--help'])).code).toBe(0);
  expect(await readdir(cwd.path)).toEqual(['file']);
});

test.concurrent('Ctrl-C keeps verified chunks, ends with 7, and the same command resumes', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'long.bin': LONG } });
  const cwd = await lan.launcher.folder();
  const env = { SHOAL_TRACKER: await lan.tracker() };
  const args = ['get', 'long.bin', '--progress', '--json', '--download-limit', '2M'];
  const program = await lan.launcher.shoal(args, { cwd: cwd.path, env });
  await program.line(/"event":"progress".*"bytes":[1-9]/, { output: 'stderr' });
  program.signal('SIGINT');
  expect(await program.exitCode()).toBe(7);
  expect(JSON.parse(program.stdout)).toMatchObject({
    ok: false,
    error: {
      code: 'CANCELLED',
      message: expect.stringMatching(/download of long\.bin interrupted at \d+ %/),
    },
  });
  const again = await shoal(lan, ['get', 'long.bin', '--json'], { cwd: cwd.path });
  expect(again.code).toBe(0);
  expect(again.json().items[0].bytesFromBefore).toBeGreaterThan(0);
  expect(LONG.equals(await readFile(cwd.at('long.bin')))).toBe(true);
  expect(await readdir(cwd.path)).toEqual(['long.bin']);
});

test.concurrent('Ctrl-C with a running peer pauses its download; two commands for one file at once are a conflict', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'long.bin': LONG } });
  const { home, share } = await runningPeer(lan, 'berta', {}, undefined, ['--download-limit', '2M']);
  const env = { SHOAL_TRACKER: await lan.tracker() };
  const program = await lan.launcher.shoal(['get', 'long.bin', '--progress'], { home, env });
  await program.line(/long\.bin .* [1-9]\d* %/, { output: 'stderr' });
  program.signal('SIGINT');
  expect(await program.exitCode()).toBe(7);
  expect(program.stderr).toMatch(
    /^error: download of long\.bin interrupted .*\nhint: Run the same command again/m,
  );
  expect((await shoal(lan, ['downloads', '--json'], { home })).json().items[0].state).toBe('paused');
  expect((await shoal(lan, ['get', 'long.bin'], { home })).code).toBe(0);
  expect(LONG.equals(await readFile(share.at('long.bin')))).toBe(true);

  const cwd = await lan.launcher.folder();
  const slow = await lan.launcher.shoal(
    ['get', 'long.bin', '-o', '.', '--progress', '--download-limit', '50k'],
    {
      cwd: cwd.path,
      env,
    },
  );
  await slow.line(/long\.bin/, { output: 'stderr' });
  const second = await shoal(lan, ['get', 'long.bin', '-o', '.'], { cwd: cwd.path });
  expect(second).toMatchObject({
    code: 10,
    stderr: expect.stringMatching(/already downloading this into .*\nhint/),
  });
});

test.concurrent('get -o - writes the bytes in order to stdout, leaves no file, and ends quietly with its reader', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'long.txt': TEXT, small: 'little', empty: '' } });
  const temporary = await lan.launcher.folder();
  const env = { TMPDIR: temporary.path };
  const whole = await shoal(lan, ['get', 'long.txt', '-o', '-'], { env });
  expect({ code: whole.code, stderr: whole.stderr }).toEqual({ code: 0, stderr: '' });
  expect(whole.stdout === TEXT.toString()).toBe(true);
  expect((await shoal(lan, ['get', 'anna', 'small', '-o', '-'], { env })).stdout).toBe('little');
  expect(await shoal(lan, ['get', 'empty', '-o', '-'], { env })).toMatchObject({ code: 0, stdout: '' });
  const prefix = ['bash', '-c', '"$@" | head -c 10; echo " $PIPESTATUS"', '--'];
  const cut = await shoal(lan, ['get', 'long.txt', '-o', '-'], { env, prefix });
  expect(cut).toMatchObject({ stdout: `${TEXT.subarray(0, 10)} 0\n`, stderr: '' });
  expect(await readdir(temporary.path)).toEqual([]);
});

test.concurrent('share offers files until Ctrl-C, others find them, and no file is left', async ({ lan }) => {
  const folder = await lan.launcher.folder();
  await folder.write('one.bin', FILM);
  await folder.write('more/two.txt', 'two');
  const env = { SHOAL_TRACKER: await lan.tracker() };
  const program = await lan.launcher.shoal(['share', 'one.bin', 'more'], { cwd: folder.path, env });
  await program.line(/^Sharing 2 files as .* on TCP port \d+, until Ctrl-C$/);
  const found = (await shoal(lan, ['search', 'two', '--json'])).json().items;
  expect(found.map(({ path }: { path: string }) => path)).toEqual(['more/two.txt']);
  const cwd = await lan.launcher.folder();
  expect((await shoal(lan, ['get', 'one.bin'], { cwd: cwd.path })).code).toBe(0);
  expect(FILM.equals(await readFile(cwd.at('one.bin')))).toBe(true);
  program.signal('SIGINT');
  expect(await program.exitCode()).toBe(0);
  expect((await readdir(folder.path)).sort()).toEqual(['more', 'one.bin']);
});

test.concurrent('B4: the config file names the tracker, for shoal and for node Peer.js; flags and environment beat it', async ({
  lan,
}) => {
  await lan.seeder('anna', { files: { 'film.mkv': FILM } });
  const home = await lan.launcher.folder();
  const path = await home.write(
    '.config/shoal/shoal.conf',
    `# mine\ntracker = ${await lan.tracker()}\nname = file\n`,
  );
  const env = { SHOAL_TRACKER: undefined };
  const program = await lan.launcher.peer(['--share', home.at('s')], { home: home.path, env });
  program.type('search film', 'whoami --json');
  program.endInput();
  expect(await program.exitCode()).toBe(0);
  expect(program.stdout).toContain('film.mkv');
  expect(program.stdout).toContain('"name":"file"');
  const options = { home: home.path, env: { ...env, SHOAL_NAME: 'environment' } };
  expect((await shoal(lan, ['search', 'film'], options)).stdout).toContain('film.mkv');
  const config = (await shoal(lan, ['config', '--json', '--share', 'x'], options)).json();
  const items = Object.fromEntries(config.items.map((each: { key: string }) => [each.key, each]));
  expect(config).toMatchObject({ version: 1, command: 'config', ok: true, path, exists: true });
  expect(items.tracker).toMatchObject({
    value: [await lan.tracker()],
    from: 'file',
    place: `line 2 of ${path}`,
  });
  expect(items.name).toMatchObject({ value: 'environment', from: 'environment', place: 'SHOAL_NAME' });
  expect(items.share).toMatchObject({ value: 'x', from: 'flag', place: null });
  expect(items['upload-limit']).toMatchObject({ value: null, from: 'default' });
  expect((await shoal(lan, ['config'], options)).stdout).toMatch(/^name +environment +SHOAL_NAME$/m);

  await writeFile(path, 'tracker = 127.0.0.1\ntrakcer = x\n');
  for (const start of [lan.launcher.peer([], options), lan.launcher.shoal(['peers'], options)]) {
    const bad = await start;
    expect(await bad.exitCode()).toBe(2);
    expect(bad.stderr).toMatch(
      /^error: line 2 of .*shoal\.conf has an unknown key: trakcer\nhint: Did you mean tracker\?\n$/,
    );
  }
  const folder = { ...options, env: { ...env, SHOAL_CONFIG: home.path } };
  const unreadable = await shoal(lan, ['config'], folder);
  expect(unreadable).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/cannot be read: it is a folder\nhint/),
  });
});

test.concurrent('completion scripts are printed, and bash reads its own', async ({ lan }) => {
  const { code, stdout } = await shoal(lan, ['completion', 'bash']);
  expect(code).toBe(0);
  for (const word of ['search', 'share', 'status']) expect(stdout).toContain(word);
  execFileSync('bash', ['-n'], { input: stdout });
  expect(await shoal(lan, ['completion', 'tcsh'])).toMatchObject({ code: 2 });
});

test.concurrent('shoal tracker and shoal peer are the two programs, and name themselves so', async ({
  lan,
}) => {
  const port = String(await freePort());
  const tracker = await lan.launcher.shoal(['tracker', '--host', '127.0.0.1', '--port', port]);
  await tracker.line(new RegExp(`^127\\.0\\.0\\.1:${port}$`));
  const peer = await lan.launcher.shoal(['peer', '--tracker', `127.0.0.1:${port}`]);
  expect((await peer.ask('tracker --json', /.*connected.*/))[0]).toContain(port);
  await peer.ask('help menu', /shoal peer --menu/);
});
