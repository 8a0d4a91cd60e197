/** Key in the storage of the tab: gone with the tab, and not sent by the browser on its own. */
const KEY = 'shoal.token';
const IN_ADDRESS = /[#&?](token|code)=([\w-]{1,200})/;

let known: string | undefined;

/**
 * Takes the secret out of the address, so that it does not stay in history and bookmarks: a token, or the code of
 * `shoal web`, which is exchanged for it.
 * @returns false: the code was used before, or has ended
 */
export async function takeSecretFromAddress(): Promise<boolean> {
  const [, kind, value] = IN_ADDRESS.exec(location.hash) ?? [];
  if (value === undefined) return true;
  const rest = location.hash.replace(/[#&?](token|code)=[\w-]+/, '');
  history.replaceState(null, '', `${location.pathname}${location.search}${rest}`);
  const token = kind === 'token' ? value : await exchange(value);
  if (token === undefined) return secret() !== undefined;
  sessionStorage.setItem(KEY, token);
  known = token;
  return true;
}

async function exchange(code: string): Promise<string | undefined> {
  try {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch('/api/v1/session', {
      method: 'POST',
      headers,
      body: JSON.stringify({ code }),
    });
    const { token } = (await answer.json()) as { token?: unknown };
    return typeof token === 'string' ? token : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Loads the page again when an address with a secret is opened in its tab, which changes nothing but the part behind
 * `#`.
 */
export function followSecrets(): void {
  addEventListener('hashchange', () => {
    if (IN_ADDRESS.test(location.hash)) location.reload();
  });
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
