import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { change } from '../Api/Client.ts';
import type { Offer, Push, Upload } from '../Api/Items.ts';
import { Bar, Button } from '../Parts/Basics.tsx';
import { nameOf } from '../Parts/FileKind.ts';
import { FileName } from '../Parts/FileName.tsx';
import { Icon } from '../Parts/Icons.tsx';
import { serves } from '../State/Actions.ts';
import { offers, pushes, refreshStatus, session, status, uploads } from '../State/Live.ts';
import { attempt } from '../State/Notes.ts';
import { count, known, t } from '../Text/Language.ts';
import { bytesText, rateText } from '../Text/Units.ts';
import { Listing } from './Browse.tsx';
import { DropZone } from './DropZone.tsx';
import { Limits } from './Limits.tsx';
import { ShareLinks } from './ShareLinks.tsx';

/** Shared files, and offers from other peers. */
export function Share({ folder }: { readonly folder: string }) {
  const manage = session.value?.manage === true;
  useEffect(() => {
    if (manage) void refreshStatus();
  }, [manage]);
  const share = status.value?.share;
  return (
    <>
      <header class="page-head">
        <h1>{t('share.title')}</h1>
        {share !== undefined && (
          <span class="muted figures">
            {count('files.count', share.files)}, {bytesText(share.bytes)}
          </span>
        )}
      </header>
      {share !== undefined && (
        <Trouble readOnly={share.readOnly} gone={share.gone?.reason} folder={share.folder} />
      )}
      {offers.value.length > 0 && (
        <Section title={t('offers.title')}>
          {offers.value.map((offer) => (
            <OfferRow key={offer.number} offer={offer} />
          ))}
        </Section>
      )}
      {serves('drop') && <DropZone />}
      {!serves('drop') && share !== undefined && (
        <p class="put-here">
          <Icon name="folder" />
          <span>{t('share.put', { folder: share.folder })}</span>
        </p>
      )}
      {uploads.value.length > 0 && (
        <Section title={t('uploads.title')}>
          {uploads.value.map((upload) => (
            <UploadRow key={`${upload.peer.id} ${upload.path}`} upload={upload} />
          ))}
        </Section>
      )}
      {pushes.value.length > 0 && (
        <Section title={t('pushes.title')}>
          {pushes.value.toReversed().map((push) => (
            <PushRow key={push.number} push={push} />
          ))}
        </Section>
      )}
      {manage && <ShareLinks />}
      {manage && <Limits />}
      <section>
        <h2>{manage ? t('share.files') : t('share.filesOf', { name: session.value?.name ?? '' })}</h2>
        <p class="muted">{t('share.everybody')}</p>
        <Listing folder={folder} />
      </section>
    </>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      <ul class="stack">{children}</ul>
    </section>
  );
}

interface TroubleProps {
  readonly readOnly: boolean;
  readonly gone: string | undefined;
  readonly folder: string;
}

function Trouble({ readOnly, gone, folder }: TroubleProps) {
  if (gone === undefined && !readOnly) return null;
  return (
    <p class="cause bad" role="alert">
      <Icon name="warn" />
      <span>{gone === undefined ? t('share.readOnly', { folder }) : t('share.gone', { reason: gone })}</span>
    </p>
  );
}

function OfferRow({ offer: { number, name, size, peer } }: { readonly offer: Offer }) {
  const answer = (accepted: boolean) =>
    attempt(() =>
      accepted
        ? change('PATCH', `/offers/${number}`, { state: 'accepted' })
        : change('DELETE', `/offers/${number}`),
    );
  return (
    <li class="card line offer">
      <div class="name">
        <FileName as="strong" name={name} />
        <span class="file-about">
          <span class="figures">{bytesText(size)}</span>
          <span dir="auto">{t('offers.from', { name: peer.name })}</span>
        </span>
      </div>
      <div class="actions">
        <Button
          look="main"
          text={t('accept')}
          label={`${t('accept')}: ${name}`}
          onPress={() => answer(true)}
        />
        <Button text={t('refuse')} label={`${t('refuse')}: ${name}`} onPress={() => answer(false)} />
      </div>
    </li>
  );
}

function PushRow({ push }: { readonly push: Push }) {
  const { name, peer, state, chunkCount, confirmed, error } = push;
  return (
    <li class="card line">
      <div class="name">
        <FileName as="strong" name={name} />
        <span class="file-about">
          <span class="pill">{known('state', state)}</span>
          <span dir="auto">→ {peer.name}</span>
          {error !== null && <span>{error.message}</span>}
        </span>
      </div>
      {state === 'sending' && <Bar label={name} part={confirmed} whole={chunkCount} moving />}
    </li>
  );
}

function UploadRow({ upload: { peer, path, bytes, bytesPerSecond } }: { readonly upload: Upload }) {
  return (
    <li class="card line">
      <div class="name">
        <FileName as="strong" name={nameOf(path)} title={path} />
        <span class="file-about">
          <span dir="auto">→ {peer.name === '' ? peer.host : peer.name}</span>
          <span class="figures">{bytesText(bytes)}</span>
          <span class="figures">{rateText(bytesPerSecond)}</span>
        </span>
      </div>
    </li>
  );
}
