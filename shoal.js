#!/usr/bin/env node
void import('./Cli/Launch.js').then(({ launch }) => {
  const [, , word] = process.argv;
  const program = word === 'peer' ? 'Peer' : word === 'tracker' ? 'ShoalTracker' : undefined;
  if (word === 'peer') process.argv.splice(2, 1);
  return launch(program || 'Cli');
});
