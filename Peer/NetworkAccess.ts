import { randomBytes } from 'node:crypto';
import type { PeerId } from '../Protocol/Ids.ts';
import type { Invite } from '../Protocol/Private/Invite.ts';
import { networkKeys } from '../Protocol/Private/NetworkKeys.ts';
import { sealedBind } from '../Protocol/Private/SealedSockets.ts';
import type { BindDatagram } from '../Shared/Network/Transport.ts';
import type { Clock } from '../Shared/Time/Clock.ts';
import { openDnsSd } from './Network/Discovery/DnsSd.ts';
import type { OpenDnsSd } from './Network/Discovery/DnsSdService.ts';
import { openNaming, privateNaming } from './Network/Discovery/ServiceNaming.ts';
import { memberTransport } from './Network/Links/Accepting/MemberTransport.ts';
import type { SecureTransport } from './Network/Links/Accepting/Secure.ts';
import { type TlsIdentity, tlsTransport } from './Network/Links/Accepting/TlsSockets.ts';
import type { PrivateNetwork } from './NetworkModel.ts';

/** Sockets of a peer in its network: the open one, or a private one. */
export interface NetworkAccess {
  /** Undefined: the open network. */
  readonly network: PrivateNetwork | undefined;
  readonly bind: BindDatagram;
  readonly dnsSd: OpenDnsSd;
  secure(self: PeerId, identity: TlsIdentity): SecureTransport;
  /** Datagrams that were not sealed for this network. */
  foreignDatagrams(): number;
}

export function networkAccess(
  invite: Invite | undefined,
  { bind, clock }: { readonly bind: BindDatagram; readonly clock: Clock },
): NetworkAccess {
  if (invite === undefined) {
    return {
      network: undefined,
      bind,
      dnsSd: openDnsSd(openNaming),
      secure: (_self, identity) => tlsTransport(identity),
      foreignDatagrams: () => 0,
    };
  }
  const keys = networkKeys(invite.secret);
  let foreign = 0;
  const dropped = () => {
    foreign++;
  };
  return {
    network: { name: invite.name, id: keys.id },
    bind: sealedBind({ bind, key: keys.datagram, randomBytes, clock, dropped }),
    dnsSd: openDnsSd(privateNaming(keys.discovery, { wallMs: Date.now, randomBytes })),
    secure: (self, identity) =>
      memberTransport({
        secure: tlsTransport(identity, { secureLanes: true }),
        self,
        memberKey: keys.member,
        clock,
      }),
    foreignDatagrams: () => foreign,
  };
}
