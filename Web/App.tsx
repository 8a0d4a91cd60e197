import { useEffect, useRef } from 'preact/hooks';
import { PeerPage } from './Pages/Browse.tsx';
import { Doctor } from './Pages/Doctor.tsx';
import { Downloads } from './Pages/Downloads.tsx';
import { FileDetails } from './Pages/FileDetails.tsx';
import { Files } from './Pages/Files.tsx';
import { Login, LoginLink } from './Pages/Login.tsx';
import { Peers } from './Pages/Peers.tsx';
import { Share } from './Pages/Share.tsx';
import { SwarmPage } from './Pages/Swarm.tsx';
import { Button } from './Parts/Basics.tsx';
import { Logo } from './Parts/Fish.tsx';
import { Icon, type IconName } from './Parts/Icons.tsx';
import { openFile, type Place, place } from './State/Address.ts';
import { downloads, offers, online, session } from './State/Live.ts';
import { dropNote, notes } from './State/Notes.ts';
import type { TextKey } from './Text/en.ts';
import { LANGUAGES, type Language, language, setLanguage, t } from './Text/Language.ts';

const LINKS: readonly { to: string; icon: IconName; key: TextKey; pages: readonly Place['page'][] }[] = [
  { to: '#/', icon: 'search', key: 'nav.files', pages: ['files'] },
  { to: '#/downloads', icon: 'download', key: 'nav.downloads', pages: ['downloads', 'swarm'] },
  { to: '#/peers', icon: 'peers', key: 'nav.peers', pages: ['peers', 'peer'] },
  { to: '#/share', icon: 'share', key: 'nav.share', pages: ['share'] },
  { to: '#/doctor', icon: 'doctor', key: 'nav.doctor', pages: ['doctor'] },
];

export function App() {
  const main = useRef<HTMLElement>(null);
  const { page } = place.value;
  const first = useRef(true);
  useEffect(() => {
    document.title = `${titleOf(place.value)} · Shoal`;
    // A screen reader begins to read the new page.
    if (!first.current) {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    first.current = false;
  }, [page]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {t('nav.skip')}
      </button>
      <Side />
      <main id="main" ref={main} tabIndex={-1}>
        {!online.value && (
          <p class="banner" role="alert">
            {t('offline')}
          </p>
        )}
        <Page place={place.value} />
        {session.value?.manage === false && <p class="guest">{t('guest')}</p>}
        {page !== 'login' && <LoginLink />}
      </main>
      {openFile.value !== undefined && <FileDetails key={openFile.value} id={openFile.value} />}
      <Notes />
    </>
  );
}

function titleOf(at: Place): string {
  if (at.page === 'peer') return at.peer;
  if (at.page === 'login') return t('login.title');
  return t(LINKS.find(({ pages }) => pages.includes(at.page))?.key ?? 'nav.files');
}

function Page({ place: at }: { readonly place: Place }) {
  switch (at.page) {
    case 'files':
      return <Files />;
    case 'downloads':
      return <Downloads />;
    case 'swarm':
      return <SwarmPage key={at.what} what={at.what} />;
    case 'peers':
      return <Peers />;
    case 'peer':
      return <PeerPage key={at.peer} peer={at.peer} folder={at.folder} />;
    case 'share':
      return <Share folder={at.folder} />;
    case 'doctor':
      return <Doctor />;
    case 'login':
      return <Login />;
  }
}

function Side() {
  const busy = downloads.value.filter(({ state }) => state === 'fetching').length;
  const badges: Partial<Record<string, number>> = { '#/downloads': busy, '#/share': offers.value.length };
  return (
    <header class="side">
      <a class="brand" href="#/" aria-label="Shoal">
        <Logo />
        <span>Shoal</span>
      </a>
      <nav aria-label={t('nav.main')}>
        {LINKS.map(({ to, icon, key, pages }) => (
          <a key={to} href={to} aria-current={pages.includes(place.value.page) ? 'page' : undefined}>
            <Icon name={icon} />
            <span class="nav-text">{t(key)}</span>
            {(badges[to] ?? 0) > 0 && <span class="badge">{badges[to]}</span>}
          </a>
        ))}
      </nav>
      <div class="side-foot">
        {session.value !== undefined && (
          <p class="own">
            <span class={`dot${online.value ? ' on' : ''}`} />
            <span dir="auto">{session.value.name}</span>
          </p>
        )}
        <select
          aria-label={t('language')}
          value={language.value}
          onChange={(event) => setLanguage(event.currentTarget.value as Language)}
        >
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <option key={code} value={code} lang={code}>
              {name}
            </option>
          ))}
        </select>
      </div>
    </header>
  );
}

function Notes() {
  return (
    <div class="notes" role="status" aria-live="polite">
      {notes.value.map(({ key, text, hint, bad }) => (
        <div key={key} class={`note${bad ? ' bad' : ''}`}>
          <p>
            <strong>{text}</strong> {hint}
          </p>
          <Button small icon="close" text={t('dismiss')} onPress={() => dropNote(key)} />
        </div>
      ))}
    </div>
  );
}
