import { Worker } from 'node:worker_threads';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { MappedPort, PortRouter } from './PortMapper.ts';
import { gatewayOfThisComputer, releaseByPmp } from './Router.ts';

/** Time of the thread, above the search that it makes. */
const THREAD_MS = 20_000;
const MEMORY_MEBIBYTES = 64;
const REASON_CHARS_MAX = 200;

/** Asks the router in a thread that may fail without harm. Works in the built program only. */
export const homeRouter: PortRouter = {
  map: mapInThread,
  release: async (port) => {
    const gateway = gatewayOfThisComputer();
    if (gateway !== undefined) await releaseByPmp(port, gateway);
  },
};

function mapInThread(port: number, signal: AbortSignal): Promise<MappedPort> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./MapPortWorker.js', import.meta.url), {
      workerData: port,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MEBIBYTES },
      stderr: true,
    });
    worker.unref();
    const end = () => {
      clearTimeout(timer);
      void worker.terminate();
    };
    const fail = (reason: string) => {
      end();
      reject(new ShoalError('UNREACHABLE', safeText(reason).slice(0, REASON_CHARS_MAX)));
    };
    const timer = setTimeout(() => fail('the router did not answer in time'), THREAD_MS);
    timer.unref();
    signal.addEventListener('abort', () => fail('cancelled'), { once: true });
    worker.once('message', (answer: MappedPort | { readonly failed: string }) => {
      if ('failed' in answer) return fail(answer.failed);
      end();
      resolve(answer);
    });
    worker.once('error', (failure) => fail(`the router's answer cannot be read: ${failure.message}`));
    worker.once('exit', () => fail('the search for a router ended early'));
  });
}
