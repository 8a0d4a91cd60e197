import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import { expect, onTestFinished, test } from 'vitest';
import { TempFolder } from '../Support/TempFolder.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LAUNCHERS = ['Peer.js', 'Tracker.js', 'shoal.js'];
const { version, engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Node 12 reads ES2019, and `import()` of ES2020. */
test.each([...LAUNCHERS, 'Cli/Launch.js'])('%s: syntax that Node 12 reads, and no static import', (path) => {
  const text = readFileSync(join(ROOT, path), 'utf8').replaceAll('import(', 'imported(');
  const { body } = parse(text, { ecmaVersion: 2019, sourceType: 'module', allowHashBang: true });
  expect(body.filter(({ type }) => type === 'ImportDeclaration')).toEqual([]);
});

test.each(LAUNCHERS)('%s under an old Node: one sentence and a hint, exit code 1', async (path) => {
  const folder = await TempFolder.make();
  onTestFinished(() => folder.remove());
  const old = folder.at('old.cjs');
  writeFileSync(
    old,
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.9' } });",
  );
  const { status, stdout, stderr } = run(['-r', old, join(ROOT, path), 'search', 'x']);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  const needed = engines.node.replace('>=', '');
  expect(stderr).toMatch(
    new RegExp(`^error: shoal needs Node ${needed} or later, and this is Node 20\\.18\\.9\nhint: .+\n$`),
  );
});

// Node itself needs 19.
test.runIf(process.platform === 'linux').each(LAUNCHERS)(
  '%s with 20 descriptors loads all its files',
  (path) => {
    const script = `ulimit -n 20; exec "${process.execPath}" "${join(ROOT, path)}" --help`;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^Usage: /),
      stderr: '',
    });
  },
);

test.each(
  ['Peer.js', 'Tracker.js', 'shoal.js', 'shoal.js peer', 'shoal.js get x', 'shoal.js --json'].flatMap(
    (command) => ['--version', '-V'].map((flag) => `${command} ${flag}`),
  ),
)('%s', (command) => {
  const [script = '', ...args] = command.split(' ');
  const { status, stdout, stderr } = run([join(ROOT, script), ...args]);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `shoal ${version}\n`, stderr: '' });
});

test.each(['', 'some/folder'])(
  'HOME "%s" is as if unset: nothing is stored in the current folder',
  async (home) => {
    const folder = await TempFolder.forTest();
    const print = await folder.write(
      'print.cjs',
      "process.on('exit', () => console.log(require('os').homedir()))",
    );
    const { stdout } = run(['-r', print, join(ROOT, 'shoal.js'), '--version'], {
      ...process.env,
      HOME: home,
    });
    expect(stdout).toBe(`shoal ${version}\n${userInfo().homedir}\n`);
  },
);

function run(args: readonly string[], env = process.env) {
  return spawnSync(process.execPath, args, { encoding: 'utf8', env });
}
