/** Kind of a file, for its icon and its preview. */
export type Kind = 'image' | 'video' | 'audio' | 'text' | 'archive' | 'other';

const ENDINGS: Readonly<Record<Exclude<Kind, 'other'>, string>> = {
  image: 'jpg jpeg png gif webp avif bmp ico svg heic tif tiff',
  video: 'mp4 webm mkv mov avi m4v ogv mpg mpeg',
  audio: 'mp3 ogg oga opus flac wav m4a aac',
  text: 'txt md csv tsv json xml yaml yml toml ini log html htm css js ts jsx tsx py rs go java c h cpp hpp cs rb php sh sql tex srt vtt',
  archive: 'zip tar gz tgz bz2 xz zst 7z rar iso dmg deb rpm jar',
};
const KINDS = new Map(
  Object.entries(ENDINGS).flatMap(([kind, names]) => names.split(' ').map((name) => [name, kind as Kind])),
);
/** Kinds by ending that browsers do not show. */
const UNSHOWN = new Set(['heic', 'tif', 'tiff', 'mkv', 'avi', 'mpg', 'mpeg']);

function endingOf(path: string): string {
  return /\.([a-z0-9]{1,8})$/i.exec(path)?.[1]?.toLowerCase() ?? '';
}

export function kindOf(path: string): Kind {
  return KINDS.get(endingOf(path)) ?? 'other';
}

/** Kind of the preview; undefined: browsers cannot show it. */
export function previewOf(path: string): 'image' | 'video' | 'audio' | 'text' | undefined {
  const kind = kindOf(path);
  return kind === 'archive' || kind === 'other' || UNSHOWN.has(endingOf(path)) ? undefined : kind;
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
