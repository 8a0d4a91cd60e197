import type { Completer, FlagSpec } from '../Command.ts';

/** Kinds of arguments that several commands take: their sentence in help, and their candidates for the Tab key. */

export const PEER_FORMS = 'A peer is ip:port, "ip port", its name, or the start of its id (see: peers).';
export const DOWNLOAD_FORMS =
  'A download is its number, its name, or the start of its file id (see: downloads).';

/** Flags of commands that start a transfer. */
export const WAIT_FLAGS: readonly FlagSpec[] = [
  { name: '--wait', summary: 'wait for the end (default in a pipe)' },
  { name: '--no-wait', summary: 'only start it (default on a terminal)' },
];

/** Flags of commands that fetch files. */
export const FETCH_FLAGS: readonly FlagSpec[] = [
  ...WAIT_FLAGS,
  { name: '--newest', summary: 'the newest of several files with that name (default for one path)' },
  {
    name: '--other',
    value: '<id>',
    summary: 'the version with this id, or this start of an id, instead of the newest',
  },
  { name: '--keep-going', summary: 'continue with the other files when one fails' },
];

/** For an argument without candidates between others that have some. */
export const nothing: Completer = () => [];

export const commandNames: Completer = (sources) => sources.commands();
export const foundFiles: Completer = (sources) => sources.found();
export const downloadNames: Completer = (sources) => sources.downloads();
export const peerNames: Completer = (sources) =>
  sources.peers().flatMap((peer) => [peer.name, peer.address].filter((word) => word !== ''));

/** Everything of which chunks are here: files of the share and downloads. */
export const localContents: Completer = (sources) => [...sources.local(), ...sources.downloads()];

/** Folders of the share, and peers. */
export const places: Completer = (sources) => [...foldersOf(sources.local()), ...peerNames(sources)];

/** All folders above the files, each with a slash at its end. */
function foldersOf(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end + 1);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return [...folders];
}
