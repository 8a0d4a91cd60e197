import { readdirSync, readFileSync } from 'node:fs';

/** Watches of folders by this process, and the limit of its user. Undefined: the system does not report it. */
export function folderWatches(): { readonly used: number | undefined; readonly allowed: number | undefined } {
  const limit = Number(textOf('/proc/sys/fs/inotify/max_user_watches'));
  return { used: usedWatches(), allowed: limit > 0 ? limit : undefined };
}

/** Largest packet of a network card, in bytes. Undefined: the system does not report it. */
export function mtuOf(card: string): number | undefined {
  const mtu = /[/\0]/.test(card) ? 0 : Number(textOf(`/sys/class/net/${card}/mtu`));
  return mtu > 0 ? mtu : undefined;
}

/** Milliseconds since the start of the process for which its main thread was busy. */
export function busyMs(): number {
  return performance.eventLoopUtilization().active;
}

function usedWatches(): number | undefined {
  try {
    return readdirSync('/proc/self/fdinfo')
      .map((descriptor) => textOf(`/proc/self/fdinfo/${descriptor}`) ?? '')
      .reduce((sum, text) => sum + (text.match(/^inotify wd:/gm)?.length ?? 0), 0);
  } catch {
    return undefined;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
