import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { atTheEnd } from '../Places.ts';
import { untilListening } from '../Ports.ts';

/** The sending process of a bare pump. */
export interface PumpSender {
  readonly pid: number;
  close(): Promise<void>;
}

/** Starts a Node program. Resolves when it listens on all these ports. */
export async function startSender(args: readonly string[], ports: readonly number[]): Promise<PumpSender> {
  const sender = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(sender, 'close');
  const close = async () => {
    forget();
    sender.kill('SIGKILL');
    await ended;
  };
  const forget = atTheEnd(close); // An interrupted bench leaves no process behind.
  for (const port of ports) await untilListening(port);
  return { pid: sender.pid ?? -1, close };
}
