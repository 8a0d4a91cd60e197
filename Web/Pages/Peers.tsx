import { useEffect } from 'preact/hooks';
import { read } from '../Api/Client.ts';
import type { Coverage, KnownPeer } from '../Api/Items.ts';
import { Empty, Failure, Loading } from '../Parts/Basics.tsx';
import { Icon } from '../Parts/Icons.tsx';
import { MissingTrackers } from '../Parts/MissingTrackers.tsx';
import { hostPort, peerHash, peerName } from '../State/Address.ts';
import { refreshStatus, session, status } from '../State/Live.ts';
import { useAsked } from '../State/UseAsked.ts';
import { count, t } from '../Text/Language.ts';
import { bytesText } from '../Text/Units.ts';

const EVERY_MS = 10_000;
/** Cards shown; a search finds the files of all others. */
const CARDS_MAX = 500;
const TINTS = 6;

export function Peers() {
  return (
    <>
      <header class="page-head">
        <h1>{t('nav.peers')}</h1>
      </header>
      <Reachability />
      <PeerCards />
    </>
  );
}

/** Whether others can connect to this peer: for its owner. */
function Reachability() {
  useEffect(() => {
    if (session.value?.manage === true) void refreshStatus();
  }, [session.value?.manage]);
  const reachable = status.value?.network.reachable;
  if (reachable === undefined) return null;
  if (reachable === false)
    return (
      <p class="cause bad notice">
        <Icon name="warn" />
        <span>
          {t('peers.unreachable')} <a href="#/doctor">{t('peers.whatToDo')}</a>
        </span>
      </p>
    );
  return <p class="muted notice">{t(reachable === null ? 'peers.reachUnknown' : 'peers.reachable')}</p>;
}

/** The other peers, each a card that leads to its files. */
export function PeerCards() {
  const asked = useAsked(
    (signal) => read<KnownPeer, Coverage>('/peers', { count: CARDS_MAX }, signal),
    [],
    EVERY_MS,
  );
  const { value, failure, pending } = asked.value;
  if (value === undefined && pending) return <Loading />;
  if (value === undefined) return failure === undefined ? null : <Failure failure={failure} />;
  if (value.items.length === 0) return <Empty title={t('peers.none')} hint={t('peers.noneHint')} />;
  return (
    <>
      <MissingTrackers items="peers" trackers={value.trackers} trackersKnown={value.trackersKnown} />
      <ul class="cards">
        {value.items.map((peer) => (
          <li key={peer.id ?? hostPort(peer)}>
            <PeerCard peer={peer} />
          </li>
        ))}
      </ul>
    </>
  );
}

function PeerCard({ peer }: { readonly peer: KnownPeer }) {
  const { files, bytes, linked, link } = peer;
  const shown = peerName(peer);
  return (
    <a class="card peer" href={peerHash(shown)}>
      <Face name={shown} />
      <span class="peer-facts">
        <strong dir="auto">{shown}</strong>
        <span class="muted">
          {files === null
            ? hostPort(peer)
            : `${count('files.count', files)}${bytes === null ? '' : `, ${bytesText(bytes)}`}`}
        </span>
        {link?.relayedBy != null && (
          <span class="muted relay">{t('peers.relayed', { name: link.relayedBy })}</span>
        )}
      </span>
      <span class={`link-state${linked ? ' linked' : ''}`}>
        {linked ? t('peers.linked') : t('peers.known')}
      </span>
      <Icon name="chevron" />
    </a>
  );
}

/** A round picture with the first letter of a name, in a tint that the name decides. */
export function Face({ name }: { readonly name: string }) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return (
    <span class={`face tint-${sum % TINTS}`} aria-hidden="true">
      {[...name][0]?.toUpperCase() ?? '?'}
    </span>
  );
}
