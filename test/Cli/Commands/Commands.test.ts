import { expect, test } from 'vitest';
import { SHOAL_COMMANDS } from '../../../Cli/Commands/Commands.ts';
import { COMMANDS, type ConsoleCommand } from '../../../Peer/CommandInterface.ts';

const names = Object.entries(SHOAL_COMMANDS).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);

test('names and aliases are unique', () => {
  expect(new Set(names).size).toBe(names.length);
});

test.each(Object.entries<ConsoleCommand>(COMMANDS))(
  'shoal runs %s where its oneShot says so',
  (name, command) => {
    const { oneShot } = command;
    const isOwnProgram = SHOAL_COMMANDS[name]?.run === undefined;
    if (oneShot === 'console only') expect(isOwnProgram).toBe(true);
    else expect(names).toContain(name);
  },
);

test('a console command with an own form is not replaced by a forwarded one', () => {
  const own = Object.entries<ConsoleCommand>(COMMANDS).filter(([, { oneShot }]) => oneShot === 'own form');
  for (const [name, { summary }] of own) expect(SHOAL_COMMANDS[name]?.summary).not.toBe(summary);
});
