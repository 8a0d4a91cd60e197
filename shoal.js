#!/usr/bin/env node
import { launch } from './Cli/Launch.js';

const [, , word] = process.argv;
const programs = { peer: 'Peer', tracker: 'Tracker' };
const name = Object.hasOwn(programs, word ?? '') ? programs[word] : undefined;
if (name !== undefined) process.argv.splice(2, 1);
await launch(name ?? 'Cli');
