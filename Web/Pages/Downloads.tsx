import { useSignal } from '@preact/signals';
import { change, read } from '../Api/Client.ts';
import type { Download, Part, Source } from '../Api/Items.ts';
import { Bar, Button, Empty } from '../Parts/Basics.tsx';
import { ChunkMap } from '../Parts/ChunkMap.tsx';
import { kindOf } from '../Parts/FileKind.ts';
import { FileName } from '../Parts/FileName.tsx';
import { Icon, KindIcon } from '../Parts/Icons.tsx';
import { RatePlot } from '../Parts/RatePlot.tsx';
import { hostPort, peerName, swarmHash } from '../State/Address.ts';
import { downloads, session } from '../State/Live.ts';
import { attempt } from '../State/Notes.ts';
import { useAsked } from '../State/UseAsked.ts';
import { known, t } from '../Text/Language.ts';
import { bytesText, percentText, rateText, timeText } from '../Text/Units.ts';

const FINISHED = new Set(['done', 'cancelled']);
const PARTS_MS = 2_000;

export function Downloads() {
  const all = downloads.value.toReversed();
  const active = all
    .filter(({ state }) => !FINISHED.has(state))
    .sort((one, other) => rankOf(one) - rankOf(other));
  const finished = all.filter(({ state }) => FINISHED.has(state));
  if (session.value?.manage === false) return <Guest />;
  return (
    <>
      <header class="page-head">
        <h1>{t('downloads.title')}</h1>
      </header>
      {all.length === 0 && <Empty title={t('downloads.none')} hint={t('downloads.noneHint')} />}
      <Group title={t('downloads.active')} items={active} />
      <Group title={t('downloads.finished')} items={finished} />
    </>
  );
}

/** Notice in place of an owner's page, for guests. */
function Guest() {
  return <Empty title={t('downloads.owner')} hint={t('guest')} />;
}

function Group({ title, items }: { readonly title: string; readonly items: readonly Download[] }) {
  if (items.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="stack">
        {items.map((download, index) => (
          <li key={download.number}>
            <DownloadCard download={download} canGoFirst={!FINISHED.has(download.state) && index > 0} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface CardProps {
  readonly download: Download;
  readonly canGoFirst: boolean;
}

function DownloadCard({ download, canGoFirst }: CardProps) {
  const isOpen = useSignal(false);
  const { name, state, bytes, size, bytesPerSecond } = download;
  const moving = state === 'fetching' && bytesPerSecond > 0;
  return (
    <article class={`card download state-${state}`}>
      <div class="download-head">
        <KindIcon kind={download.files > 1 ? 'folder' : kindOf(download.path)} />
        <div class="name">
          <FileName as="h3" name={name} title={download.path} />
          <p class="file-about">
            <span class="pill">{known('state', state)}</span>
            <span class="figures">{facts(download)}</span>
          </p>
        </div>
        <Controls download={download} canGoFirst={canGoFirst} />
      </div>
      {!FINISHED.has(state) && <Bar label={name} part={bytes} whole={size} moving={moving} />}
      <Cause download={download} />
      {!FINISHED.has(state) && (
        <details open={isOpen.value} onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
          <summary>{t('downloads.details')}</summary>
          {isOpen.value && <Details download={download} />}
        </details>
      )}
    </article>
  );
}

function rankOf({ rank, number }: Download): number {
  return rank ?? number;
}

function facts({ state, bytes, size, bytesPerSecond, secondsLeft, files, filesDone }: Download): string {
  if (state === 'done') return bytesText(size);
  const texts = [`${percentText(bytes, size)} · ${bytesText(bytes)} / ${bytesText(size)}`];
  if (files > 1) texts.push(t('downloads.filesDone', { done: filesDone, n: files }));
  if (bytesPerSecond > 0) texts.push(rateText(bytesPerSecond));
  if (secondsLeft !== null) texts.push(t('downloads.left', { time: timeText(secondsLeft) }));
  return texts.join(' · ');
}

function Controls({ download, canGoFirst }: CardProps) {
  const { number, state, name, id } = download;
  if (FINISHED.has(state)) return null;
  const set = (to: 'paused' | 'running' | 'first') =>
    attempt(() => change('PATCH', `/downloads/${number}`, { state: to }));
  const cancel = () => {
    if (confirm(t('cancel.sure'))) void attempt(() => change('DELETE', `/downloads/${number}`));
  };
  const stopped = state === 'paused' || state === 'failed';
  return (
    <div class="actions">
      {id !== null && (
        <a
          class="button plain small"
          href={swarmHash(id)}
          aria-label={`${t('swarm')}: ${name}`}
          title={t('swarm')}
        >
          <Icon name="peers" />
          <span>{t('swarm')}</span>
        </a>
      )}
      {canGoFirst && (
        <Button
          small
          icon="first"
          text={t('first')}
          label={`${t('first')}: ${name}`}
          onPress={() => set('first')}
        />
      )}
      <Button
        small
        icon={stopped ? 'play' : 'pause'}
        text={stopped ? t('resume') : t('pause')}
        label={`${stopped ? t('resume') : t('pause')}: ${name}`}
        onPress={() => set(stopped ? 'running' : 'paused')}
      />
      <Button
        small
        icon="close"
        look="bad"
        text={t('cancel')}
        label={t('cancel.name', { name })}
        onPress={cancel}
      />
    </div>
  );
}

/** Why it does not move, and what to do: one sentence each. */
function Cause({ download: { cause, error, state } }: { readonly download: Download }) {
  if (error !== null && state === 'failed') {
    return (
      <p class="cause bad" role="alert">
        <Icon name="warn" />
        <span>
          {error.message} {error.hint}
        </span>
      </p>
    );
  }
  if (cause === null || FINISHED.has(state)) return null;
  const retry = cause.retryInS === null ? '' : ` (${t('retryIn', { time: timeText(cause.retryInS) })})`;
  return (
    <p class="cause" title={cause.text}>
      {known('cause', cause.code, cause.text)}
      {retry}
    </p>
  );
}

function Details({ download }: { readonly download: Download }) {
  const { id, number, sources } = download;
  const parts = useAsked(
    async (signal) => (id === null ? undefined : (await read<Part>('/parts', { what: id }, signal)).items[0]),
    [id],
    PARTS_MS,
  );
  const part = parts.value.value;
  return (
    <div class="details">
      {part !== undefined && part.have !== null && <ChunkMap part={part} />}
      <RatePlot number={number} />
      {sources.length > 0 && <Sources sources={sources} />}
    </div>
  );
}

function Sources({ sources }: { readonly sources: readonly Source[] }) {
  return (
    <table class="sources">
      <caption>{t('sources')}</caption>
      <tbody>
        {sources.map((source) => (
          <tr key={source.id ?? hostPort(source)}>
            <th scope="row" dir="auto">
              {peerName(source)}
              {source.relayedBy !== undefined && (
                <small class="muted"> {t('peers.relayed', { name: source.relayedBy })}</small>
              )}
            </th>
            <td>{source.why === null ? known('source', source.state) : known('why', source.why)}</td>
            <td class="figures given">{bytesText(source.bytes)}</td>
            <td class="figures">{rateText(source.bytesPerSecond)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
