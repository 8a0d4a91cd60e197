import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { freePort, Launcher } from './launch.ts';
import { TempFolder } from './TempFolder.ts';

const ECHO = `
console.log('ready ' + process.env.HOME + ' ' + process.env.SHOAL_DISCOVERY + ' ' + process.argv[2]);
console.error('a diagnostic');
process.stdin.setEncoding('utf8').on('data', (text) => {
  for (const line of text.trimEnd().split('\\n')) console.log('heard ' + line);
}).on('end', () => process.exit(3));
`;

test('a program gets a home of its own, reads typed lines, and reports its exit', async () => {
  const folder = await TempFolder.forTest();
  const script = await folder.write('echo.mjs', ECHO);
  const launcher = new Launcher();
  const program = await launcher.start(script, ['an argument']);
  const [, home] = await program.line(/^ready (\S+) off an argument$/);
  expect(home).toBe(program.home);
  await program.line(/diagnostic/, { output: 'stderr' });
  program.type('one', 'two');
  await program.line(/^heard two$/);
  expect((await program.ask('two', /^heard (.*)$/))[1]).toBe('two');
  expect(program.lines.filter((line) => line.startsWith('heard'))).toEqual([
    'heard one',
    'heard two',
    'heard two',
  ]);
  program.endInput();
  expect(await program.exitCode()).toBe(3);
  await launcher.close();
  expect(existsSync(program.home)).toBe(false);
});

test('a missing line is an error with the output; close ends running programs', async () => {
  const folder = await TempFolder.forTest();
  const script = await folder.write('echo.mjs', ECHO);
  const launcher = Launcher.forTest();
  const program = await launcher.start(script, []);
  await program.line(/^ready/);
  await expect(program.line(/never/, { quietMs: 1 })).rejects.toThrow(/a diagnostic|ready/);
  await launcher.close();
  expect(await program.exit()).toEqual({ code: null, signal: 'SIGKILL' });
  await expect(program.line(/never/)).rejects.toThrow('ended without a line');
});

test('a port is given to one test, also if another draws it during the check', async () => {
  const oneOfForty = () => (Math.random() * 40) / 1_000;
  const ports = await Promise.all(Array.from({ length: 30 }, () => freePort(oneOfForty)));
  expect(new Set(ports).size).toBe(30);
});
