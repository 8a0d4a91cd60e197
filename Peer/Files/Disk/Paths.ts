export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

export function splitPath(path: string): readonly [folder: string, name: string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

/** The absolute path of a place in the share. Like `path.join`, without taking apart what is known to be sound. */
export function inside(root: string, path: string): string {
  if (path === '') return root;
  return root.endsWith('/') ? root + path : `${root}/${path}`;
}
