import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildArchive } from './Archive.ts';
import { buildDebian } from './Debian.ts';
import { unpackOwnPackage } from './Program.ts';
import { TARGETS } from './Targets.ts';

/**
 * `npm run package [-- linux-x64 …] [--into DIR]` builds one archive a system into `packages/`, and a Debian package
 * for Linux.
 */
const { values, positionals } = parseArgs({ allowPositionals: true, options: { into: { type: 'string' } } });
const names: readonly string[] = TARGETS.map(({ name }) => name);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`error: no package for ${unknown.join(', ')}\nhint: there are ${names.join(', ')}`);
  process.exit(2);
}
const into = values.into ?? join(fileURLToPath(new URL('../../', import.meta.url)), 'packages');
const own = await unpackOwnPackage();
try {
  for (const target of TARGETS) {
    if (positionals.length > 0 && !positionals.includes(target.name)) continue;
    for (const build of [buildArchive, buildDebian]) {
      const path = await build(own, target, into);
      if (path !== undefined) console.log(`${path} (${((await stat(path)).size / 1e6).toFixed(1)} MB)`);
    }
  }
} finally {
  await own.remove();
}
