import { chmod, copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './Command.ts';
import { buildTree, type Unpacked } from './Program.ts';
import type { Target } from './Targets.ts';

const FILES = fileURLToPath(new URL('../../packaging/files/', import.meta.url));

/** Builds the one-file archive of a target in `folder` and returns its path: `.zip` for Windows, else `.tar.gz`. */
export async function buildArchive(own: Unpacked, target: Target, folder: string): Promise<string> {
  const name = `shoal-${own.version}-${target.name}`;
  const tree = join(own.folder, name);
  await buildTree(own, target, tree);
  await mkdir(folder, { recursive: true });
  if (target.os === 'win32') {
    await copyFile(join(FILES, 'shoal.cmd'), join(tree, 'shoal.cmd'));
    await copyFile(join(FILES, 'install.ps1'), join(tree, 'install.ps1'));
    const archive = join(folder, `${name}.zip`);
    await rm(archive, { force: true });
    await run('zip', ['-qr9', archive, name], own.folder);
    return archive;
  }
  await copyFile(join(FILES, 'shoal.sh'), join(tree, 'shoal'));
  await copyFile(join(FILES, 'install.sh'), join(tree, 'install.sh'));
  await chmod(join(tree, 'shoal'), 0o755);
  await chmod(join(tree, 'node', 'node'), 0o755);
  const archive = join(folder, `${name}.tar.gz`);
  await run('tar', ['--owner=0', '--group=0', '--sort=name', '-czf', archive, name], own.folder);
  return archive;
}
