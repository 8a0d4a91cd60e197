import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Contender, Giving, Scene } from '../Contender.ts';
import { freePort } from '../Ports.ts';
import { runMeasured } from '../Usage.ts';
import { type PumpGiver, startGiver } from './PumpGiver.ts';

const CLIENT = fileURLToPath(new URL('./PumpClient.js', import.meta.url));

/** Bytes of a file that a giver sends to whoever connects to its port. */
interface Part {
  readonly port: number;
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/** One process for all these parts. Resolves when it can give. */
export function pumpGiver(parts: readonly Part[]): Promise<PumpGiver> {
  const args = parts.flatMap(({ port, path, from, to }) => [String(port), path, String(from), String(to)]);
  return startGiver(
    [CLIENT, 'give', ...args],
    parts.map(({ port }) => port),
  );
}

/** A fresh process that waits for the word to fetch one part into a new file. */
export async function pumpTaker(
  target: string,
  { port, from, to }: Omit<Part, 'path'>,
): Promise<{ readonly take: () => Promise<{ readonly cpuSeconds: number }> }> {
  const args = [CLIENT, 'take', target, 'told', String(port), String(from), String(to)];
  const taker = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(taker.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return {
    async take() {
      taker.stdin.write('go\n');
      const { value } = await lines.next();
      return { cpuSeconds: Number(value) };
    },
  };
}

/** A yardstick, no rival: what is left for anybody who writes this in Node. One file, each giver an equal part of it. */
export function pumpNamed(name: string, givers: number): Contender {
  return {
    name,

    missing: async () => undefined,

    async open(scene: Scene): Promise<Giving> {
      const path = join(scene.source, scene.name);
      const parts: Part[] = [];
      for (let giver = 0; giver < givers; giver++) {
        const [from, to] = [giver, giver + 1].map((at) => Math.floor((at * scene.bytes) / givers));
        parts.push({ port: await freePort(), path, from: from ?? 0, to: to ?? 0 });
      }
      const giving = await Promise.all(parts.map((part) => pumpGiver([part])));
      return {
        pids: giving.map(({ pid }) => pid),
        async taker(target) {
          const wanted = parts.flatMap(({ port, from, to }) => [port, from, to].map(String));
          const args = [CLIENT, 'take', join(target, scene.name), 'now', ...wanted];
          return { take: () => runMeasured(process.execPath, args), close: async () => {} };
        },
        close: async () => {
          for (const giver of giving) await giver.close();
        },
      };
    },
  };
}

export const pump = pumpNamed('bare Node pump', 1);
