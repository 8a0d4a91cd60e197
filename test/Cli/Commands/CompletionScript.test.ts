import { execFileSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { completionScript } from '../../../Cli/Commands/CompletionScript.ts';
import { completedCommands, makeProgram } from '../../../Cli/Program.ts';
import { TempFolder } from '../../Support/TempFolder.ts';

const commands = completedCommands(makeProgram(async () => {}));

test('every command of `shoal` is offered', () => {
  const names = commands.map(({ name }) => name);
  for (const name of 'tracker peer search ls peers get send share status config completion'.split(' '))
    expect(names).toContain(name);
});

test.each(['bash', 'zsh', 'fish'])('%s: every command and its flags', (shell) => {
  const script = completionScript(shell, commands);
  for (const { name, summary, flags } of commands) {
    expect(script).toContain(name);
    if (shell !== 'bash') expect(script).toContain(summary.replaceAll("'", ''));
    for (const flag of flags) expect(script).toContain(shell === 'fish' ? flag.replace(/^-+/, '') : flag);
  }
});

/** Candidates of bash for the last word. */
function complete(words: readonly string[], cwd = '/'): string[] {
  const script = `${completionScript('bash', commands)}
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _shoal
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { cwd, encoding: 'utf8' }).trim().split('\n');
}

test.each([
  ['shoal se', ['send', 'search']],
  ['shoal completion z', ['zsh']],
  ['shoal completion zsh z', ['']],
  ['shoal help whoa', ['whoami']],
  ['shoal help whoami whoa', ['']],
  ['shoal get --out', ['--output']],
  ['shoal get x -o /et', ['/etc']],
  ['shoal get x --output /et', ['/etc']],
  ['shoal search --share /et', ['/etc']],
  ['shoal share /et', ['/etc']],
])('bash completes "%s"', (line, expected) => {
  expect(complete(line.split(' '))).toEqual(expected);
});

test('bash: a name with spaces is one candidate', async () => {
  execFileSync('bash', ['-n'], { input: completionScript('bash', commands) });
  const folder = await TempFolder.make();
  onTestFinished(() => folder.remove());
  await folder.write('my first film.mkv', '');
  await folder.write('my second film.mkv', '');
  const names = ['my first film.mkv', 'my second film.mkv'];
  expect(complete(['shoal', 'send', 'my'], folder.path).sort()).toEqual(names);
  expect(complete(['shoal', 'get', 'x', '-o', 'my'], folder.path).sort()).toEqual(names);
});

test('another shell is refused', () => {
  expect(() => completionScript('tcsh', commands)).toThrow(
    expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining('bash, zsh, fish') }),
  );
});
