/** Paths in the share: relative, `/` between segments, '' for the share itself. */

export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

export function splitPath(path: string): readonly [folder: string, name: string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

/** A path in the place of another one after its folder was renamed. @param path - `from` itself, or below it */
export function movedPath(path: string, from: string, to: string): string {
  return path === from ? to : ownText(to + path.slice(from.length));
}

/** A copy of a text. One that was cut from others, or put together from them, keeps all of them in memory. */
function ownText(text: string): string {
  return Buffer.from(text).toString();
}

/** Converts a path in the share to an absolute one. Cheaper than `path.join`, because both are normalized already. */
export function inside(root: string, path: string): string {
  if (path === '') return root;
  return root.endsWith('/') ? root + path : `${root}/${path}`;
}
