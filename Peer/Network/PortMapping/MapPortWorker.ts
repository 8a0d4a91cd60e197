import { parentPort, workerData } from 'node:worker_threads';
import { pmpNat, upnpNat } from '@achingbrain/nat-port-mapper';
import type { MappedPort } from './PortMapper.ts';
import { failureText, gatewayOfThisComputer, mapByPmp, mapByUpnp } from './Router.ts';

/** Time for the answers of routers. */
const SEARCH_MS = 10_000;

/**
 * Asks the router for one port, then ends. In a thread of its own with little memory: the library parses XML and
 * datagrams of anybody on the LAN, and throws where nobody catches it.
 */
const signal = AbortSignal.timeout(SEARCH_MS);
const port = Number(workerData);
const gateway = gatewayOfThisComputer();
const ways: Promise<MappedPort>[] = [mapByUpnp(port, upnpNat().findGateways({ signal }), signal)];
if (gateway !== undefined) ways.push(mapByPmp(port, pmpNat(gateway), signal));
const answer = await Promise.any(ways).catch((failure: AggregateError) => ({
  failed: failureText(failure.errors, port),
}));
parentPort?.postMessage(answer);
