/** Key in the storage of the tab: gone with the tab, and not sent by the browser on its own. */
const KEY = 'shoal.token';

let known: string | undefined;

/** Takes the token out of the address that `shoal web` opened, so that it does not stay in history and bookmarks. */
export function takeSecretFromAddress(): void {
  const [, token] = /[#&?]token=([\w-]{1,200})/.exec(location.hash) ?? [];
  if (token === undefined) return;
  sessionStorage.setItem(KEY, token);
  known = token;
  const rest = location.hash.replace(/[#&?]token=[\w-]+/, '');
  history.replaceState(null, '', `${location.pathname}${location.search}${rest}`);
}

/** Secret by which the user manages the peer; undefined for a guest. */
export function secret(): string | undefined {
  known ??= sessionStorage.getItem(KEY) ?? undefined;
  return known;
}

export function forgetSecret(): void {
  known = undefined;
  sessionStorage.removeItem(KEY);
}
