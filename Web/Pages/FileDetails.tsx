import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { change, read } from '../Api/Client.ts';
import type { Hit, KnownPeer } from '../Api/Items.ts';
import { Button, Empty, Failure, Loading } from '../Parts/Basics.tsx';
import { FileActions, SaveLink } from '../Parts/FileActions.tsx';
import { folderOf, kindOf, nameOf } from '../Parts/FileKind.ts';
import { Icon, KindIcon } from '../Parts/Icons.tsx';
import { QrCode } from '../Parts/QrCode.tsx';
import { contentAddress, outsideAddress } from '../State/Actions.ts';
import { closeFile, hostPort, peerHash, peerName, swarmHash } from '../State/Address.ts';
import { session } from '../State/Live.ts';
import { attempt, note } from '../State/Notes.ts';
import { results } from '../State/Results.ts';
import { useAsked } from '../State/UseAsked.ts';
import { t } from '../Text/Language.ts';
import { bytesText, dateText, numberText } from '../Text/Units.ts';
import { Preview } from './Preview.tsx';
import { MakeLink } from './ShareLinks.tsx';

/** Peers of the list "Who has it". */
const SOURCES_SHOWN = 50;
/** Peers to choose a receiver from. */
const RECEIVERS_MAX = 500;

/** Everything about one file, above the page. */
export function FileDetails({ id }: { readonly id: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element?.open === false) element.showModal();
    return () => {
      element?.close();
      // The change of the address has taken the focus from the link before the dialog could remember it.
      document
        .querySelector<HTMLElement>(`a[href$="file=${CSS.escape(id)}"]`)
        ?.focus({ preventScroll: true });
    };
  }, []);
  const asked = useAsked((signal) => findFile(id, signal), [id]);
  const { value: hit, failure, pending } = asked.value;
  return (
    <dialog
      ref={dialog}
      class="details-of-file"
      aria-label={hit === undefined ? t('downloads.details') : nameOf(hit.path)}
      onCancel={(event) => {
        event.preventDefault();
        closeFile();
      }}
      closedby="any"
    >
      <div class="sheet">
        <button type="button" class="close" aria-label={t('close')} onClick={closeFile}>
          <Icon name="close" />
        </button>
        {pending && hit === undefined && <Loading />}
        {failure !== undefined && <Failure failure={failure} />}
        {!pending && hit === undefined && failure === undefined && <Empty title={t('files.none')} />}
        {hit !== undefined && <Facts hit={hit} />}
      </div>
    </dialog>
  );
}

async function findFile(id: string, signal: AbortSignal): Promise<Hit | undefined> {
  const known = results.peek().hits.find((hit) => hit.id === id);
  if (known !== undefined) return known;
  const { items } = await read<Hit>('/search', { q: id, count: 5 }, signal);
  return items.find((hit) => hit.id === id);
}

function Facts({ hit }: { readonly hit: Hit }) {
  const { id, path, size, modified } = hit;
  const address = outsideAddress(hit);
  const manage = session.value?.manage === true;
  const folder = folderOf(path);
  return (
    <>
      <header class="file-head">
        <KindIcon kind={kindOf(path)} />
        <div class="name">
          <h2 dir="auto">{nameOf(path)}</h2>
          <p class="file-about">
            <span class="figures" title={`${numberText(size)} B`}>
              {bytesText(size)}
            </span>
            {modified !== null && <span>{dateText(modified)}</span>}
            {folder !== '' && <span dir="auto">{folder}</span>}
          </p>
        </div>
      </header>
      <Preview key={id} file={hit} />
      <div class="buttons">
        <FileActions file={hit} />
        {manage && !hit.here && <SaveLink file={hit} />}
        {hit.here && (
          <a class="button main" href={contentAddress(hit) ?? ''} target="_blank" rel="noreferrer">
            {t('open')}
          </a>
        )}
        <a class="button plain" href={swarmHash(id)}>
          <Icon name="peers" />
          <span>{t('swarm')}</span>
        </a>
      </div>
      {address !== undefined && <Links address={address} />}
      {manage && hit.here && <MakeLink id={id} />}
      {manage && hit.here && <SendTo id={id} />}
      <SourceList hit={hit} />
      <p class="id">
        <span>{t('identity')}</span> <code>{id}</code>
      </p>
    </>
  );
}

/** The file for others: its address, and the same as a code for a phone. */
function Links({ address }: { readonly address: string }) {
  const code = useSignal(false);
  const copy = () => attempt(() => navigator.clipboard.writeText(address), t('link.copied'));
  return (
    <>
      <div class="buttons">
        <Button icon="link" text={t('link.copy')} onPress={copy} />
        <Button
          icon="qr"
          text={t('qr.show')}
          pressed={code.value}
          onPress={() => {
            code.value = !code.value;
          }}
        />
      </div>
      {code.value && <QrCode address={address} />}
    </>
  );
}

function SourceList({ hit: { sources, sourceCount } }: { readonly hit: Hit }) {
  if (sources.length === 0) return null;
  const rest = sourceCount - Math.min(sources.length, SOURCES_SHOWN);
  return (
    <section>
      <h3>{t('sources')}</h3>
      <ul class="chips">
        {sources.slice(0, SOURCES_SHOWN).map((source) => (
          <li key={source.peer ?? hostPort(source)}>
            <a class="chip" href={peerHash(peerName(source))} dir="auto" title={hostPort(source)}>
              {peerName(source)}
              {!source.complete && <small> ({t('sources.partly')})</small>}
            </a>
          </li>
        ))}
        {rest > 0 && <li class="muted">+ {numberText(rest)}</li>}
      </ul>
    </section>
  );
}

function SendTo({ id }: { readonly id: string }) {
  const asked = useAsked((signal) => read<KnownPeer>('/peers', { count: RECEIVERS_MAX }, signal), []);
  const peers = asked.value.value?.items ?? [];
  if (peers.length === 0) return null;
  const send = async (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const peer = peers[Number(new FormData(event.currentTarget).get('peer'))];
    if (peer === undefined) return;
    const to = peerName(peer);
    if (await attempt(() => change('POST', '/pushes', { what: id, peer: to })))
      note(t('send.done', { name: to }));
  };
  return (
    <form class="send-to" onSubmit={send}>
      <label>
        <span>{t('send.title')}</span>
        <select name="peer" aria-label={t('send.to')}>
          {peers.map((peer, index) => (
            <option key={peer.id ?? index} value={index}>
              {peerName(peer)}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="button plain">
        <Icon name="send" />
        <span>{t('send')}</span>
      </button>
    </form>
  );
}
