#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

// From Node 22 on the compiled program is kept between starts, beside it: what others may write to is not run.
module.enableCompileCache?.(fileURLToPath(new URL('./dist/.compiled', import.meta.url)));
const program = new URL('./dist/Peer/main.js', import.meta.url);
if (existsSync(program)) await import(program.href);
else {
  console.error('shoal: not built yet. Run: npm run build');
  process.exit(1);
}
