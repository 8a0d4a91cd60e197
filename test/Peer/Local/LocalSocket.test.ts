import { mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { requestHello, requestRun } from '../../../Peer/Local/LocalClient.ts';
import { BoundedLines, type LocalHello, readRequest } from '../../../Peer/Local/LocalMessages.ts';
import { LocalServer, type LocalServerOptions } from '../../../Peer/Local/LocalServer.ts';
import {
  makeRuntimeFolder,
  runtimeFolder,
  socketPath,
  socketPorts,
} from '../../../Peer/Local/RuntimeFolder.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

const HELLO: Omit<LocalHello, 'version'> = {
  pid: 1,
  port: 9_001,
  name: 'anna',
  share: '/s',
  trackers: ['127.0.0.1:6881'],
  startedWallMs: 5,
};
const REQUEST = { line: 'search x', command: 'search', width: null, color: false };

async function serve(run: LocalServerOptions['run'] = async () => ({})) {
  const folder = (await TempFolder.forTest()).at('shoal');
  const server = new LocalServer({ folder, port: 9_001, hello: () => HELLO, run, log: silentLog });
  onTestFinished(() => server.close());
  await server.start();
  return { folder, server, path: socketPath(folder, 9_001) };
}

test('hello describes the peer; folder and socket are private to their owner and removed on close', async () => {
  const { folder, server, path } = await serve();
  expect(await requestHello(path)).toEqual({ ...HELLO, version: 1 });
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await socketPorts(folder)).toEqual([9_001]);
  await server.close();
  await server.close();
  expect(await readdir(folder)).toEqual([]);
  expect(await requestHello(path)).toBeUndefined();
});

test('progress comes before the answer', async () => {
  const { path } = await serve(async (request, _signal, progress) => {
    progress({ event: 'progress', item: 1 });
    return { text: request.line };
  });
  const events: unknown[] = [];
  const answer = await requestRun(path, REQUEST, (event) => events.push(event), new AbortController().signal);
  expect(events).toEqual([{ event: 'progress', item: 1 }]);
  expect(answer).toEqual({ event: 'answer', text: 'search x' });
});

test('an abort reaches the command, and its last lines are returned', async () => {
  const asker = new AbortController();
  const { path } = await serve(async (_request, signal) => {
    asker.abort();
    await new Promise((done) => signal.addEventListener('abort', done));
    return { text: 'paused' };
  });
  expect(await requestRun(path, REQUEST, () => {}, asker.signal)).toMatchObject({ text: 'paused' });
});

test('a client that disconnects aborts its command', async () => {
  const aborted = new Promise<void>((done) => {
    void serve(async (_request, signal) => {
      socket?.destroy();
      await new Promise((gone) => signal.addEventListener('abort', gone));
      done();
      return {};
    }).then(({ path }) => {
      socket = connect(path);
      socket.write(`${JSON.stringify({ version: 1, ask: 'run', ...REQUEST })}\n`);
    });
  });
  let socket: ReturnType<typeof connect> | undefined;
  await aborted;
});

test('invalid requests, another version and endless lines end the connection, not the peer', async () => {
  const { path } = await serve();
  for (const text of ['hello\n', '{"version":2,"ask":"hello"}\n', '[]\n', `${'x'.repeat(200_000)}`]) {
    const socket = connect(path);
    socket.on('error', () => {});
    socket.resume();
    socket.write(text);
    await new Promise((closed) => socket.on('close', closed));
  }
  expect(await requestHello(path)).toMatchObject({ name: 'anna' });
});

test('a peer that closes before it answers is reported', async () => {
  const { path, server } = await serve(() => new Promise(() => {}));
  const asked = requestRun(path, REQUEST, () => {}, new AbortController().signal);
  setImmediate(() => void server.close());
  await expect(asked).rejects.toMatchObject({ code: 'UNREACHABLE' });
});

test('every field of a request is validated', () => {
  const whole = { version: 1, ask: 'run', ...REQUEST, width: 80, form: 'text' };
  expect(readRequest(JSON.stringify(whole))).toEqual(whole);
  expect(readRequest(JSON.stringify({ ...whole, width: 1e9 }))).toMatchObject({ width: null });
  expect(readRequest(JSON.stringify({ ...whole, form: 'xml' }))).toMatchObject({ form: undefined });
  expect(readRequest(JSON.stringify({ ...whole, width: 19 }))).toMatchObject({ width: null });
  for (const bad of [{ ...whole, line: 1 }, { ...whole, ask: 'eval' }, { ...whole, version: '1' }, 7]) {
    expect(() => readRequest(JSON.stringify(bad))).toThrow(ShoalError);
  }
});

test('lines are joined from any chunks, up to the limit', () => {
  const lines = new BoundedLines(10);
  expect([...Buffer.from('ä\nbc\n\nd')].flatMap((byte) => lines.push(Uint8Array.of(byte)))).toEqual([
    'ä',
    'bc',
    '',
  ]);
  expect(() => lines.push(new Uint8Array(11))).toThrow(/longer than 10/);
});

test('the folder: XDG_RUNTIME_DIR, or one that a socket path fits in, or the temporary directory', async () => {
  expect(runtimeFolder({ XDG_RUNTIME_DIR: '/run/user/7' })).toBe('/run/user/7/shoal');
  const long = runtimeFolder({ XDG_RUNTIME_DIR: `/${'x'.repeat(100)}` });
  expect(Buffer.byteLength(socketPath(long, 65_535))).toBeLessThanOrEqual(107);
  expect(long).not.toBe(runtimeFolder({ XDG_RUNTIME_DIR: `/${'y'.repeat(100)}` }));
  expect(runtimeFolder({})).toMatch(/shoal-/);
  expect(await socketPorts('/nowhere')).toEqual([]);
});

test('a link in the place of the folder is refused', async () => {
  const temp = await TempFolder.forTest();
  await symlink(temp.path, temp.at('shoal'));
  await expect(makeRuntimeFolder(temp.at('shoal'))).rejects.toMatchObject({ code: 'LOCAL_CONFLICT' });
});

test('a folder that others can read gets the permissions of its owner only', async () => {
  const temp = await TempFolder.forTest();
  await mkdir(temp.at('shoal'), { mode: 0o755 });
  await makeRuntimeFolder(temp.at('shoal'));
  expect((await stat(temp.at('shoal'))).mode & 0o777).toBe(0o700);
});

test('the 65th client at once is turned away; the others are served', async () => {
  let running = 0;
  let full = () => {};
  const allRunning = new Promise<void>((resolve) => {
    full = resolve;
  });
  const { path } = await serve(async () => {
    if (++running === 64) full();
    return new Promise(() => {});
  });
  const stopping = new AbortController();
  const runs = Array.from({ length: 64 }, () => requestRun(path, REQUEST, () => {}, stopping.signal));
  void Promise.allSettled(runs);
  await allRunning;
  await expect(requestRun(path, REQUEST, () => {}, stopping.signal)).rejects.toMatchObject({
    code: 'UNREACHABLE',
  });
  expect(running).toBe(64);
});

test('a request without end is cut off at 128 KiB', async () => {
  const { path } = await serve();
  const socket = connect(path);
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.write(Buffer.alloc(128 * 1_024 + 1, 'x'));
  await closed;
  expect(await requestHello(path)).toMatchObject(HELLO);
});
