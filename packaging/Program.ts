import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './Command.ts';
import type { Target } from './Targets.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Content of one tarball of the npm package, unpacked once for all targets. */
export interface Unpacked {
  /** Holds `package/`, and temporary files of the caller. */
  readonly folder: string;
  readonly version: string;
  remove(): Promise<void>;
}

/** Packs this checkout as npm would publish it, and unpacks that: nothing else gets into an archive. */
export async function unpackOwnPackage(): Promise<Unpacked> {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-package-'));
  const packed = JSON.parse(
    await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], ROOT),
  );
  const [{ filename, version }] = packed as [{ filename: string; version: string }];
  await run('tar', ['-xzf', filename], folder);
  // `npm pack` leaves the lock file out; the versions installed below are those that were tested.
  await cp(join(ROOT, 'package-lock.json'), join(folder, 'package', 'package-lock.json'));
  return { folder, version, remove: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * Builds the tree of one target: `app/` with the program and its production dependencies (native parts of that system
 * only), `node/` with the Node binary. Needs the package registry.
 */
export async function buildTree(own: Unpacked, target: Target, into: string): Promise<void> {
  const app = join(into, 'app');
  await mkdir(into, { recursive: true });
  await cp(join(own.folder, 'package'), app, { recursive: true });
  const system = [
    `--os=${target.os}`,
    `--cpu=${target.cpu}`,
    ...(target.libc ? [`--libc=${target.libc}`] : []),
  ];
  // `npm ci --omit=dev` would keep the compiler, an optional peer of a dependency: half of the size.
  await run('npm', ['pkg', 'delete', 'devDependencies'], app);
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...system], app);
  await rm(join(app, 'package-lock.json'));
  await fitKoffi(join(app, 'node_modules/@koromix'), target);
  await unpackNode(own.folder, target, join(into, 'node'));
  await writeFile(join(into, 'VERSION'), `${own.version} ${target.name}\n`);
}

/** Removes the native part for another C library, and adds the licence, which the package leaves out. */
async function fitKoffi(packages: string, { libc }: Target): Promise<void> {
  for (const name of await readdir(packages).catch(() => [])) {
    const folder = join(packages, name);
    for (const part of await readdir(folder))
      if (libc === 'glibc' && part.startsWith('musl_')) await rm(join(folder, part), { recursive: true });
    await cp(join(ROOT, 'packaging/licences/koffi'), join(folder, 'LICENSE'));
  }
}

async function unpackNode(scratch: string, { node, name }: Target, into: string): Promise<void> {
  const folder = join(scratch, `node-${name}`);
  await mkdir(folder, { recursive: true });
  const packed = JSON.parse(
    await run('npm', ['pack', '--json', node.package, '--pack-destination', folder], folder),
  );
  const [{ filename }] = packed as [{ filename: string }];
  await run('tar', ['-xzf', filename], folder);
  await mkdir(into, { recursive: true });
  const binary = node.path.split('/').at(-1) ?? 'node';
  await cp(join(folder, 'package', node.path), join(into, binary));
  await cp(join(folder, 'package', 'LICENSE'), join(into, 'LICENSE')).catch(() => {}); // Not in every package.
  await rm(folder, { recursive: true, force: true });
}
