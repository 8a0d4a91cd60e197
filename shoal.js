#!/usr/bin/env node
void import('./Cli/Launch.js').then(({ launch }) => {
  const [, , word] = process.argv;
  const program = word === 'peer' ? 'Peer' : word === 'tracker' ? 'Tracker' : undefined;
  if (program) process.argv.splice(2, 1);
  return launch(program || 'Cli');
});
