import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { atTheEnd } from '../Places.ts';
import { untilListening } from '../Ports.ts';

/** A process of a bare pump that gives. */
export interface PumpGiver {
  readonly pid: number;
  close(): Promise<void>;
}

/** Starts a Node program with these arguments. Resolves when it listens on all these ports. */
export async function startGiver(args: readonly string[], ports: readonly number[]): Promise<PumpGiver> {
  const giver = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(giver, 'close');
  const close = async () => {
    forget();
    giver.kill('SIGKILL');
    await ended;
  };
  const forget = atTheEnd(close); // An interrupted bench leaves nobody behind.
  for (const port of ports) await untilListening(port);
  return { pid: giver.pid ?? -1, close };
}
