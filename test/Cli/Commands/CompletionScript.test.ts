import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { completionScript } from '../../../Cli/Commands/CompletionScript.ts';
import { completedCommands, makeProgram } from '../../../Cli/Program.ts';

const commands = completedCommands(makeProgram(async () => {}));

test('every command of the face is offered', () => {
  const names = commands.map(({ name }) => name);
  for (const name of 'tracker peer search ls peers get send share status config completion'.split(' '))
    expect(names).toContain(name);
});

test.each(['bash', 'zsh', 'fish'])('%s: every command and its flags', (shell) => {
  const script = completionScript(shell, commands);
  for (const { name, flags } of commands) {
    expect(script).toContain(name);
    for (const flag of flags) expect(script).toContain(shell === 'fish' ? flag.replace(/^-+/, '') : flag);
  }
});

function complete(line: string): string[] {
  const words = line.split(' ');
  const script = `${completionScript('bash', commands)}
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _shoal
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
}

test('bash reads it, and it completes', () => {
  execFileSync('bash', ['-n'], { input: completionScript('bash', commands) });
  expect(complete('shoal se')).toEqual(['send', 'search']);
  expect(complete('shoal completion z')).toEqual(['zsh']);
  expect(complete('shoal get --out')).toEqual(['--output']);
  expect(complete('shoal share /et')).toEqual(['/etc']);
});

test('another shell is refused', () => {
  expect(() => completionScript('tcsh', commands)).toThrow(
    expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining('bash, zsh, fish') }),
  );
});
