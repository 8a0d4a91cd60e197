import nodePath, { type PlatformPath } from 'node:path';

/**
 * The part of an absolute path below a folder, with `/` between segments as paths of a share have it; '' for the
 * folder itself. Undefined: the path is not below it.
 * @param style - rules for paths of a system: separators, drives, upper and lower case
 */
export function pathWithin(folder: string, path: string, style: PlatformPath = nodePath): string | undefined {
  const { sep } = style;
  const inside = style.relative(folder, path);
  const isOutside = inside === '..' || inside.startsWith(`..${sep}`) || style.isAbsolute(inside);
  return isOutside ? undefined : inside.replaceAll(sep, '/');
}

/** Whether a path of a share is a folder of it, or lies below that folder; '' is the share itself. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}
