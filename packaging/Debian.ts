import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { completionScript } from '../Cli/Commands/CompletionScript.ts';
import { completedCommands, makeProgram } from '../Cli/Program.ts';
import { run } from './Command.ts';
import { manPages } from './ManPages.ts';
import { buildTree, type Unpacked } from './Program.ts';
import type { Target } from './Targets.ts';

const HERE = fileURLToPath(new URL('../../packaging/', import.meta.url));
const PROGRAM = 'usr/lib/shoal';
const COMPLETIONS = {
  bash: 'usr/share/bash-completion/completions/shoal',
  zsh: 'usr/share/zsh/vendor-completions/_shoal',
  fish: 'usr/share/fish/vendor_completions.d/shoal.fish',
} as const;
/** Names of the architectures at Debian. */
const ARCHITECTURES: Partial<Record<Target['name'], string>> = {
  'linux-x64': 'amd64',
  'linux-arm64': 'arm64',
};

/** Builds `shoal_<version>_<architecture>.deb` in `folder` and returns its path; undefined: not a Debian system. */
export async function buildDebian(
  own: Unpacked,
  target: Target,
  folder: string,
): Promise<string | undefined> {
  const architecture = ARCHITECTURES[target.name];
  if (architecture === undefined) return undefined;
  const root = join(own.folder, `debian-${architecture}`);
  await buildTree(own, target, join(root, PROGRAM));
  await copyTo(root, `${PROGRAM}/shoal`, join(HERE, 'files/shoal.sh'), 0o755);
  await mkdir(join(root, 'usr/bin'), { recursive: true });
  await symlink('../lib/shoal/shoal', join(root, 'usr/bin/shoal'));
  await writeText(root, own.version);
  for (const unit of ['shoal-tracker.service', 'shoal@.service'])
    await copyTo(root, `lib/systemd/system/${unit}`, join(HERE, 'debian', unit));
  await copyTo(root, 'etc/ufw/applications.d/shoal', join(HERE, 'debian/ufw'));
  await copyTo(root, 'usr/share/lintian/overrides/shoal', join(HERE, 'debian/lintian-overrides'));
  await dropForeignFiles(join(root, PROGRAM, 'app/node_modules'));
  await run('chmod', ['-R', 'u=rwX,go=rX', root], own.folder);
  await writeControl(root, own.version, architecture);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `shoal_${own.version}_${architecture}.deb`);
  await run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', root, path], own.folder);
  await rm(root, { recursive: true, force: true });
  return path;
}

async function writeText(root: string, version: string): Promise<void> {
  for (const { name, text } of manPages(version)) {
    const page = join(root, `usr/share/man/man${name.at(-1)}`, `${name}.gz`);
    await write(page, gzipSync(`${text}\n`, { level: 9 }));
  }
  const commands = completedCommands(makeProgram(() => Promise.resolve()));
  for (const [shell, path] of Object.entries(COMPLETIONS))
    await write(join(root, path), completionScript(shell, commands));
  const documents = join(root, 'usr/share/doc/shoal');
  const entry = `shoal (${version}) unstable; urgency=medium\n\n  * See https://www.npmjs.com/package/shoal\n\n -- Shoal contributors <shoal@localhost>  Mon, 30 Nov 2026 00:00:00 +0000\n`;
  await write(join(documents, 'changelog.gz'), gzipSync(entry, { level: 9 }));
  const licence = await readFile(join(HERE, '../LICENSE'), 'utf8');
  await write(join(documents, 'copyright'), copyright(licence));
}

function copyright(licence: string): string {
  const text = licence
    .split('\n')
    .map((line) => ` ${line.trim() === '' ? '.' : line}`)
    .join('\n');
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    'Upstream-Name: shoal',
    '',
    'Files: *',
    'Copyright: the contributors of Shoal',
    'License: MIT',
    text.trimEnd(),
    '',
    `Files: ${PROGRAM}/node/* ${PROGRAM}/app/node_modules/*`,
    'Copyright: their authors, named in the LICENSE file of each folder',
    'License: see the LICENSE file of each folder',
    ' Node.js and the npm packages come with their licences beside them.',
    '',
    `Files: ${PROGRAM}/app/dist/Programs/*`,
    'Copyright: the contributors of Shoal, and the authors of the npm packages in it',
    'License: MIT, and those in licences.md',
    ' The file licences.md in this folder names the npm packages, and has their licences.',
    '',
  ].join('\n');
}

/** Removes files for developers from packages: sources of maps, tests, typings, examples. */
async function dropForeignFiles(folder: string): Promise<void> {
  const unused = /\.(map|ts|mts|cts|flow|md|markdown|yml)$|^\.|^(test|tests|example|examples|docs)$/i;
  for (const { name, parentPath } of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (unused.test(name) && !/licen[cs]e/i.test(name))
      await rm(join(parentPath, name), { recursive: true, force: true });
  }
}

async function writeControl(root: string, version: string, architecture: string): Promise<void> {
  const control = [
    'Package: shoal',
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: Shoal contributors <shoal@localhost>',
    `Installed-Size: ${Math.ceil((await sizeOf(root)) / 1_024)}`,
    'Depends: libc6 (>= 2.28), libstdc++6',
    'Section: net',
    'Priority: optional',
    'Homepage: https://www.npmjs.com/package/shoal',
    'Description: peer-to-peer file sharing for people on the same network',
    ' Put a file into a folder, and everybody on the network can find it by name',
    ' and pull it from every peer that has it: chunk by chunk, from many peers at',
    ' once, verified and resumable. No account, no cloud, no address to type.',
    '',
  ].join('\n');
  await write(join(root, 'DEBIAN/control'), control);
  await write(join(root, 'DEBIAN/conffiles'), '/etc/ufw/applications.d/shoal\n');
  for (const script of ['postinst', 'prerm', 'postrm'])
    await copyTo(root, `DEBIAN/${script}`, join(HERE, 'debian', script), 0o755);
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes;
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

async function copyTo(root: string, path: string, from: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await copyFile(from, join(root, path));
  await chmod(join(root, path), mode);
}
