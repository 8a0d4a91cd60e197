import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { Namespace } from './Namespaces.ts';

const run = promisify(execFile);

/** A computer behind a router that translates addresses. */
export interface HostBehindRouter extends Namespace {
  close(): Promise<void>;
}

/**
 * Makes a host behind a router that translates addresses and ports, as home routers do: no other host can
 * connect to it. The translation is that of slirp4netns (Debian: slirp4netns), which runs on the router.
 * @param network - third number of its own network, 192.168.N.0/24
 */
export async function hostBehindRouter(router: Namespace, network: number): Promise<HostBehindRouter> {
  const name = `${router.name}-lan`;
  let translation: ChildProcess | undefined;
  const close = async () => {
    if (translation !== undefined && translation.exitCode === null && translation.signalCode === null) {
      const ended = once(translation, 'exit');
      translation.kill();
      await ended;
    }
    await run('ip', ['netns', 'delete', name]).catch(() => {}); // Not created, or removed before.
  };
  try {
    await run('ip', ['netns', 'add', name]);
    const options = ['--configure', '--ready-fd=3', '--disable-host-loopback', '--disable-dns'];
    const cidr = `--cidr=192.168.${network}.0/24`;
    const [command = '', ...args] = [...router.prefix, 'slirp4netns', ...options, cidr];
    translation = spawn(command, [...args, '--netns-type=path', `/var/run/netns/${name}`, 'lan0'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const ready = once(translation.stdio[3] as NodeJS.ReadableStream, 'data');
    const failed = once(translation, 'exit').then(([code]) => {
      throw new Error(`slirp4netns ended with code ${code}`);
    });
    await Promise.race([ready, failed]);
    failed.catch(() => {});
  } catch (failure) {
    await close();
    throw failure;
  }
  return { name, ip: `192.168.${network}.100`, prefix: ['ip', 'netns', 'exec', name], close };
}
