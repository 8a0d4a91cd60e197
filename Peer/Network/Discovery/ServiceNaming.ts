import { discoveryToken, isDiscoveryToken, TOKEN_MS } from '../../../Protocol/Private/DiscoveryToken.ts';
import type { WallClock } from '../../../Shared/Time/Clock.ts';
import type { Self } from '../../Model.ts';

export type ServiceType = 'shoal' | 'shoal-tracker';

/** An announced service, as everybody on the LAN sees it. */
interface ServiceName {
  readonly name: string;
  readonly txt: Readonly<Record<string, string>>;
  /** Host name in its records. Undefined: that of this computer. */
  readonly host?: string;
}

/** Names of a network's services on the LAN. */
export interface ServiceNaming {
  nameOf(type: ServiceType, self: Self): ServiceName;
  /** Whether a service belongs to this network. */
  recognizes(type: ServiceType, name: string): boolean;
  /** Time after which services are announced anew. Undefined: names stay. */
  readonly renewMs?: number;
}

/** Services of the open network show name and id of their peer. */
export const openNaming: ServiceNaming = {
  nameOf: (type, { peerId, name }) => ({
    name: `${type}-${peerId.slice(0, 16)}`,
    txt: { name, id: peerId },
  }),
  recognizes: (type, name) => name.startsWith(`${type}-`),
};

/** Services of a private network show a token that only members recognize, and that changes every hour. */
export function privateNaming(
  key: Uint8Array,
  { wallMs, randomBytes }: { wallMs: WallClock; randomBytes: (count: number) => Uint8Array },
): ServiceNaming {
  return {
    nameOf: () => {
      const name = discoveryToken(key, randomBytes(8), wallMs());
      return { name, txt: {}, host: `${name}.local` };
    },
    recognizes: (_type, name) => isDiscoveryToken(name, key, wallMs()),
    renewMs: TOKEN_MS,
  };
}
