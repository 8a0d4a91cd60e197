import { useSignal } from '@preact/signals';
import { read } from '../Api/Client.ts';
import type { Check } from '../Api/Items.ts';
import { Button, Empty, Failure, Loading } from '../Parts/Basics.tsx';
import { Fish } from '../Parts/Fish.tsx';
import { Icon } from '../Parts/Icons.tsx';
import { session, status } from '../State/Live.ts';
import { useAsked } from '../State/UseAsked.ts';
import { count, known, t } from '../Text/Language.ts';

export function Doctor() {
  const round = useSignal(0);
  const manage = session.value?.manage === true;
  const asked = useAsked(
    (signal) => (manage ? checks(signal) : Promise.resolve(undefined)),
    [round.value, manage],
  );
  const { value, failure, pending } = asked.value;
  if (session.value?.manage === false) return <Empty title={t('doctor.title')} hint={t('guest')} />;
  const bad = value?.filter(({ ok }) => !ok).length ?? 0;
  return (
    <>
      <header class="page-head">
        <div class="name">
          <h1>{t('doctor.title')}</h1>
          <p class="muted">{t('doctor.lead')}</p>
        </div>
        <Button text={t('doctor.again')} onPress={() => round.value++} />
      </header>
      {pending && <Loading />}
      {failure !== undefined && <Failure failure={failure} />}
      {value !== undefined && (
        <>
          <p class={`verdict${bad === 0 ? ' good' : ''}`} role="status">
            <Fish />
            {bad === 0 ? t('doctor.fine') : count('doctor.problems', bad)}
          </p>
          <ul class="stack checks">
            {value.map((check) => (
              <CheckRow key={`${check.check} ${check.text}`} check={check} />
            ))}
          </ul>
        </>
      )}
      <section class="card firewall">
        <p>{t('doctor.firewall')}</p>
        <code>{status.value?.network.openPort ?? `TCP ${session.value?.port ?? 9000}, UDP 6881`}</code>
      </section>
    </>
  );
}

function CheckRow({ check: { check, ok, text, hint } }: { readonly check: Check }) {
  return (
    <li class={`card check${ok ? '' : ' bad'}`}>
      <span class="mark">
        <Icon name={ok ? 'check' : 'warn'} />
        <span class="unseen">{ok ? t('doctor.ok') : t('doctor.bad')}</span>
      </span>
      <div>
        <strong>{known('check', check)}</strong>
        {!ok && <p>{known('advice', check, '')}</p>}
        <p lang="en" class={ok ? '' : 'muted'}>
          {text}
        </p>
        {hint !== null && (
          <p lang="en" class="hint">
            {hint}
          </p>
        )}
      </div>
    </li>
  );
}

/** The checks, those that need a look first. */
async function checks(signal: AbortSignal): Promise<readonly Check[]> {
  const { items } = await read<Check>('/doctor', {}, signal);
  return items.toSorted((one, other) => Number(one.ok) - Number(other.ok));
}
