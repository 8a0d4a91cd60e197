import { spawn } from 'node:child_process';

/** Time in which a program that opens browsers fails, if it does. */
const SETTLED_MS = 2_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens an address in the browser of the user. @returns false when there is none, as on a server. Never rejects.
 */
export function openBrowser(
  address: string,
  environment: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<boolean> {
  const command = openerOf(platform, environment);
  if (command === undefined) return Promise.resolve(false);
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const opener = spawn(program, [...args, address], {
      detached: true,
      stdio: 'ignore',
      env: { ...environment },
    });
    // Some openers stay for as long as the browser runs.
    const timer = setTimeout(() => resolve(true), SETTLED_MS);
    const end = (opened: boolean) => {
      clearTimeout(timer);
      resolve(opened);
    };
    opener.once('error', () => end(false)).once('exit', (code) => end(code === 0));
    opener.unref();
  });
}

/** The program that knows the browser of the user. No shell: an address is one argument. */
function openerOf(
  platform: NodeJS.Platform,
  { DISPLAY, WAYLAND_DISPLAY }: Environment,
): string[] | undefined {
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return DISPLAY === undefined && WAYLAND_DISPLAY === undefined ? undefined : ['xdg-open'];
}
