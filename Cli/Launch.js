/** The same in package.json, "engines". */
const NODE_NEEDED = '20.19';

/**
 * Runs a built program of this project in this process, unless this Node is too old for it. This file and the launchers
 * are read by old versions too: syntax of Node 12, and no import before the check.
 * @param {'Peer' | 'Tracker' | 'Cli' | 'ShoalTracker'} name - see Start.js
 */
export function launch(name) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [neededMajor, neededMinor] = NODE_NEEDED.split('.').map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor))
    return import('./Start.js').then((module) => module.start(name));
  console.error(
    `error: shoal needs Node ${NODE_NEEDED} or later, and this is Node ${process.versions.node}\n` +
      'hint: Install a newer Node from https://nodejs.org, or choose one: nvm install 22',
  );
  process.exitCode = 1;
}
