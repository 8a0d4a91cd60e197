#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

// From Node 22 on the compiled program is kept between starts.
module.enableCompileCache?.();
const program = new URL('./dist/Peer/main.js', import.meta.url);
if (existsSync(program)) await import(program.href);
else {
  console.error('shoal: not built yet. Run: npm run build');
  process.exit(1);
}
