import { execFile } from 'node:child_process';
import { isIP } from 'node:net';
import { ShoalError } from '../ShoalError.ts';
import { normalHost } from './Address.ts';

/**
 * Resolves a host name to numeric addresses, IPv4 first; at least one. A numeric host is its own answer.
 * @throws ShoalError UNREACHABLE with a sentence about the name, CANCELLED
 */
export type LookupName = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

/** Upper bound on one lookup. The system's resolver may wait much longer for a name server that does not answer. */
const LOOKUP_MS = 8_000;
/** Prints the addresses, or the error code, as one line of JSON. */
const PROGRAM = `require('node:dns').lookup(process.argv[1], { all: true, verbatim: true }, (failure, found) =>
  console.log(JSON.stringify(failure ? { code: failure.code } : { hosts: found.map(({ address }) => address) })));`;

/**
 * Asks the system's resolver in a process of its own, which can be ended. A lookup inside this process occupies a
 * thread that nothing can stop: it would delay disk operations and the exit of the program.
 */
export const lookupName: LookupName = async (host, signal) => {
  if (isIP(host) > 0) return [normalHost(host)];
  if (host.toLowerCase() === 'localhost') return ['127.0.0.1'];
  const output = await run(host, signal);
  if (signal.aborted) throw new ShoalError('CANCELLED', `the lookup of the name ${host} was cancelled`);
  const { code, hosts = [] } = output;
  if (hosts.length > 0) return hosts.map(normalHost).toSorted((a, b) => isIP(a) - isIP(b));
  throw unresolved(host, code);
};

interface Output {
  readonly code?: string;
  readonly hosts?: readonly string[];
}

function run(host: string, signal: AbortSignal): Promise<Output> {
  // The name comes after "--": it cannot be taken for a flag of Node.
  const args = ['--eval', PROGRAM, '--', host];
  const limits = {
    timeout: LOOKUP_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1_024,
    windowsHide: true,
  } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, args, { ...limits, signal, env: withoutOptions() }, (failure, output) => {
      if (failure === null) return resolve(JSON.parse(output) as Output);
      // Ended by the time limit, or no process could be started.
      resolve({ code: failure.killed === true ? 'ETIMEOUT' : 'EAGAIN' });
    });
  });
}

/** NODE_OPTIONS may contain options that open a port or print (an inspector, a coverage tool). */
function withoutOptions(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...environment } = process.env;
  return environment;
}

/** A sentence instead of `getaddrinfo EAI_AGAIN nas`. */
function unresolved(host: string, code = ''): ShoalError {
  if (code === 'ENOTFOUND' || code === 'EAI_NODATA' || code === 'EAI_NONAME') {
    return new ShoalError('UNREACHABLE', `no computer with the name ${host} is known on this network`, {
      hint: 'Check the spelling, or give the numeric address, like 192.168.1.20.',
    });
  }
  const why =
    code === 'ETIMEOUT' || code === 'EAI_AGAIN'
      ? 'the name server does not answer'
      : `the lookup failed (${code})`;
  return new ShoalError('UNREACHABLE', `the name ${host} cannot be resolved: ${why}`, {
    hint: 'Is this computer connected to the network? A numeric address, like 192.168.1.20, needs no name server.',
  });
}
