/** The paths of a page of rows, one after the other, in a buffer that is replaced by a larger one when it is full. */
export interface PagePaths {
  paths: Buffer;
}

/** Writes a path at an offset and returns its end. */
export function writePath(page: PagePaths, at: number, path: string): number {
  // A UTF-16 code unit takes at most three bytes.
  while (page.paths.length - at < path.length * 3) {
    const larger = Buffer.allocUnsafeSlow(page.paths.length * 2);
    larger.set(page.paths.subarray(0, at));
    page.paths = larger;
  }
  return at + page.paths.write(path, at, 'utf8');
}
