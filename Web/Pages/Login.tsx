import { useSignal } from '@preact/signals';
import { change } from '../Api/Client.ts';
import { Button, Empty } from '../Parts/Basics.tsx';
import { session } from '../State/Live.ts';
import { attempt } from '../State/Notes.ts';
import { t } from '../Text/Language.ts';

/** Lets the owner of the peer in from another computer, by password. */
export function Login() {
  return (
    <>
      <header class="page-head">
        <h1>{t('login.title')}</h1>
      </header>
      {session.value !== undefined && <Way />}
    </>
  );
}

/** The form, or why there is none. */
function Way() {
  const { manage, login, name = '' } = session.value ?? {};
  const pending = useSignal(false);
  if (manage === true) return <Empty title={t('login.ready')} />;
  if (login === 'https') {
    return (
      <Empty title={t('login.encrypted')} hint={t('login.https')}>
        <a class="button main" href={`https://${location.host}/#/login`}>
          https://{location.host}/
        </a>
      </Empty>
    );
  }
  if (login !== 'form') return <Empty title={t('login.none')} hint={t('login.noneHint')} />;
  const logIn = async (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get('password') ?? '');
    pending.value = true;
    const done = await attempt(() => change('POST', '/login', { password }));
    pending.value = false;
    if (done) startAgain();
  };
  return (
    <form class="card login" onSubmit={logIn}>
      <p class="muted">{t('login.lead', { name })}</p>
      <label>
        <span>{t('login.password')}</span>
        <input name="password" type="password" autocomplete="current-password" required maxLength={1_024} />
      </label>
      <button type="submit" class="button main" disabled={pending.value}>
        {t('login.do')}
      </button>
    </form>
  );
}

/** Below every page: the way in for the owner, or out after a login. */
export function LoginLink() {
  const { manage, loggedIn, login } = session.value ?? {};
  if (manage === true) {
    if (loggedIn !== true) return null;
    return (
      <p>
        <Button text={t('logout')} onPress={() => void logOut()} />
      </p>
    );
  }
  if (login === null || login === undefined) return null;
  return (
    <p>
      <a class="button plain" href="#/login">
        {t('login.do')}
      </a>
    </p>
  );
}

async function logOut(): Promise<void> {
  if (await attempt(() => change('POST', '/logout', {}))) startAgain();
}

/** With other rights the page has other pages: everything is read again. */
function startAgain(): void {
  location.hash = '#/';
  location.reload();
}
