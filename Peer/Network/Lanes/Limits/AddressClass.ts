import { BlockList, isIP } from 'node:net';
import { type NetworkClass, networkClass, normalHost } from '../../../../Shared/Network/Address.ts';
import type { Interfaces } from '../../../../Shared/Network/NetworkInterfaces.ts';

/**
 * Network class of an IP: `loopback`; `lan` for private and link-local addresses, and for networks of this computer's
 * own interfaces; else `elsewhere`.
 * @param interfaces - called only when the address alone does not decide: reading them takes a dozen system calls
 */
export function localClass(host: string, interfaces: () => Interfaces): NetworkClass {
  const known = networkClass(host);
  return known === 'elsewhere' && isIP(host) !== 0 && inOwnNetwork(host, interfaces()) ? 'lan' : known;
}

function inOwnNetwork(host: string, interfaces: Interfaces): boolean {
  const networks = new BlockList();
  for (const { cidr, internal } of Object.values(interfaces).flatMap((each) => each ?? [])) {
    const [address = '', bits = '0'] = cidr?.split('/') ?? [];
    const prefix = Number(bits);
    // A default route is not a network of this computer.
    if (!internal && prefix > 0 && isIP(address) !== 0)
      networks.addSubnet(normalHost(address), prefix, familyOf(address));
  }
  return networks.check(host, familyOf(host));
}

function familyOf(host: string): 'ipv4' | 'ipv6' {
  return isIP(host) === 6 ? 'ipv6' : 'ipv4';
}
