import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Contender, Scene, SendingSide } from '../Contender.ts';
import { freePort } from '../Ports.ts';
import { runMeasured } from '../Usage.ts';
import { type PumpSender, startSender } from './PumpSender.ts';

const CLIENT = fileURLToPath(new URL('./PumpClient.js', import.meta.url));

/** Range of a file that a sender sends to each client of its port. */
interface Part {
  readonly port: number;
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/** Starts one process for all these parts. Resolves when it is ready to send. */
export function pumpSender(parts: readonly Part[]): Promise<PumpSender> {
  const args = parts.flatMap(({ port, path, from, to }) => [String(port), path, String(from), String(to)]);
  return startSender(
    [CLIENT, 'give', ...args],
    parts.map(({ port }) => port),
  );
}

/** Starts a process that waits for a command to fetch one part into a new file. */
export async function pumpReceiver(
  target: string,
  { port, from, to }: Omit<Part, 'path'>,
): Promise<{ readonly take: () => Promise<{ readonly cpuSeconds: number }> }> {
  const args = [CLIENT, 'take', target, 'told', String(port), String(from), String(to)];
  const receiver = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(receiver.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return {
    async take() {
      receiver.stdin.write('go\n');
      const { value } = await lines.next();
      return { cpuSeconds: Number(value) };
    },
  };
}

/** A yardstick, not a rival: the limit of a Node program. Each sender has an equal part of one file. */
export function pumpNamed(name: string, senders: number): Contender {
  return {
    name,

    missing: async () => undefined,

    async open(scene: Scene): Promise<SendingSide> {
      const path = join(scene.source, scene.name);
      const parts: Part[] = [];
      for (let sender = 0; sender < senders; sender++) {
        const [from, to] = [sender, sender + 1].map((at) => Math.floor((at * scene.bytes) / senders));
        parts.push({ port: await freePort(), path, from: from ?? 0, to: to ?? 0 });
      }
      const sending = await Promise.all(parts.map((part) => pumpSender([part])));
      return {
        pids: sending.map(({ pid }) => pid),
        async receiver(target) {
          const wanted = parts.flatMap(({ port, from, to }) => [port, from, to].map(String));
          const args = [CLIENT, 'take', join(target, scene.name), 'now', ...wanted];
          return { take: () => runMeasured(process.execPath, args), close: async () => {} };
        },
        close: async () => {
          for (const sender of sending) await sender.close();
        },
      };
    },
  };
}

export const pump = pumpNamed('bare Node pump', 1);
