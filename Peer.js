#!/usr/bin/env node
void import('./Cli/Launch.js').then(({ launch }) => launch('Peer'));
