import { useEffect, useRef } from 'preact/hooks';
import type { Hit } from '../Api/Items.ts';
import { Empty, Failure, Loading } from '../Parts/Basics.tsx';
import { FileActions } from '../Parts/FileActions.tsx';
import { FileRow } from '../Parts/FileRow.tsx';
import { Shoal } from '../Parts/Fish.tsx';
import { Icon } from '../Parts/Icons.tsx';
import { MissingTrackers } from '../Parts/MissingTrackers.tsx';
import { VirtualList } from '../Parts/VirtualList.tsx';
import { keepQuery, query } from '../State/Address.ts';
import { moreHits, results } from '../State/Results.ts';
import { count, t } from '../Text/Language.ts';
import { PeerCards } from './Peers.tsx';

/** The first page: search as you type, or look around. */
export function Files() {
  const searching = query.value.trim() !== '';
  return (
    <div class={`files${searching ? ' searching' : ''}`}>
      <section class="sea">
        <Shoal />
        <h1>{t('files.title')}</h1>
        <p class="lead">{t('files.lead')}</p>
        <SearchBox />
      </section>
      {searching ? <Hits /> : <LookAround />}
    </div>
  );
}

function SearchBox() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // A phone would open its keyboard over the page.
    if (matchMedia('(min-width: 900px)').matches) input.current?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || document.activeElement !== document.body) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const toFirst = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    document.querySelector<HTMLElement>('.rows a')?.focus();
  };
  return (
    <search class="search">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        name="q"
        value={query.value}
        placeholder={t('files.placeholder')}
        aria-label={t('files.title')}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        maxLength={200}
        onInput={(event) => keepQuery(event.currentTarget.value)}
        onKeyDown={toFirst}
      />
      {query.value !== '' && (
        <button
          type="button"
          class="clear"
          aria-label={t('files.clear')}
          onClick={() => {
            keepQuery('');
            input.current?.focus();
          }}
        >
          <Icon name="close" />
        </button>
      )}
    </search>
  );
}

function Hits() {
  const { hits, pending, truncated, failure, trackers, trackersKnown } = results.value;
  const isTooShort = failure?.code === 'USAGE';
  const summary = `${count('files.count', hits.length)}${truncated ? ' +' : ''}`;
  return (
    <section class={`hits${pending ? ' pending' : ''}`} aria-busy={pending}>
      <p class="summary" role="status">
        <strong>{pending && hits.length === 0 ? t('loading') : summary}</strong>
        {hits.length > 0 && <span class="keys">{t('files.keys')}</span>}
      </p>
      <MissingTrackers items="files" trackers={trackers} trackersKnown={trackersKnown} />
      {isTooShort && <Empty title={t('files.short')} />}
      {failure !== undefined && !isTooShort && <Failure failure={failure} />}
      {pending && hits.length === 0 && <Loading />}
      {!pending && failure === undefined && hits.length === 0 && (
        <Empty title={t('files.none')} hint={t('files.noneHint')} />
      )}
      {hits.length > 0 && (
        <VirtualList
          items={hits}
          label={t('files.results')}
          keyOf={(hit: Hit) => hit.id}
          row={hitRow}
          onEnd={moreHits}
        />
      )}
    </section>
  );
}

function hitRow(hit: Hit) {
  const about = hit.sourceCount === 0 ? t('sources.none') : count('sources', hit.sourceCount);
  return (
    <FileRow id={hit.id} path={hit.path} size={hit.size} about={about}>
      <FileActions file={hit} small />
    </FileRow>
  );
}

function LookAround() {
  return (
    <section class="around">
      <h2>{t('files.browse')}</h2>
      <PeerCards />
    </section>
  );
}
