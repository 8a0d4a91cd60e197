/** Endings of incomplete files, backups and lock files of editors, browsers and office programs. */
const ENDING = '~|\\.(?:swp|swo|swx|tmp|temp|part|partial|crdownload|download|opdownload)';
/** Files and folders that operating systems create. */
const WHOLE =
  '(?:eh)?thumbs\\.db|desktop\\.ini|\\$recycle\\.bin|system volume information|lost\\+found|icon\\r';
/** A dot in front covers `._*` and `.#*`, too. */
const IGNORED = new RegExp(`(?:^|/)(?:\\.|~\\$)|(?:${ENDING}|(?:^|/)(?:${WHOLE}))(?:/|$)`, 'i');

/** Why a name is never shared; undefined: it may be. */
export function ignoredReason(name: string): string | undefined {
  if (name.startsWith('.')) return 'hidden: the name begins with a dot';
  return hasIgnoredName(name) ? 'temporary or system file, by its name' : undefined;
}

/** Whether a name in a path, `/` between names, is never shared. */
export function hasIgnoredName(path: string): boolean {
  return IGNORED.test(path);
}
