#!/usr/bin/env node
import { launch } from './Cli/Launch.js';

await launch('Tracker');
