import { read } from '../Api/Client.ts';
import type { Swarm, SwarmMember } from '../Api/Items.ts';
import { Bar, Button, Failure, Loading } from '../Parts/Basics.tsx';
import { MissingTrackers } from '../Parts/MissingTrackers.tsx';
import { useAsked } from '../State/UseAsked.ts';
import { t } from '../Text/Language.ts';
import { bytesText, numberText, percentText, rateText, timeText } from '../Text/Units.ts';

const EVERY_MS = 1_000;
/** Peers with a bar of their own. */
const MEMBERS_MAX = 500;

/** Progress of every peer of a file: the picture that a teacher projects. */
export function SwarmPage({ what }: { readonly what: string }) {
  const asked = useAsked(
    (signal) => read<SwarmMember, Swarm>('/swarm', { what, count: MEMBERS_MAX }, signal),
    [what],
    EVERY_MS,
  );
  const { value, failure } = asked.value;
  if (value === undefined) return failure === undefined ? <Loading /> : <Failure failure={failure} />;
  return (
    <div class="swarm">
      <header class="page-head">
        <div class="name">
          <p class="over">{t('swarm.title')}</p>
          <h1 dir="auto">{value.name}</h1>
        </div>
        <span class="muted figures">{bytesText(value.size)}</span>
        <Button icon="expand" small text={t('swarm.full')} onPress={fillScreen} />
      </header>
      <Summary swarm={value} />
      <MissingTrackers items="peers" trackers={value.trackers} trackersKnown={value.trackersKnown} />
      <ul class="members">
        {value.items.map((member) => (
          <li key={member.id ?? 'self'}>
            <Member member={member} size={value.size} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function fillScreen(): void {
  void document
    .querySelector('main')
    ?.requestFullscreen?.()
    .catch(() => undefined);
}

function Summary({ swarm }: { readonly swarm: Swarm }) {
  const { complete, peers, secondsLeft, rarest, finishedAndLeft } = swarm;
  const all = complete >= peers;
  return (
    <dl class="big-facts" aria-live="off">
      <div class={`fact${all ? ' good' : ''}`}>
        <dt>{all ? t('swarm.all') : secondsLeft === null ? t('swarm.stuck') : t('swarm.left')}</dt>
        <dd>{all ? '✓' : secondsLeft === null ? '–' : timeText(secondsLeft)}</dd>
      </div>
      <div class="fact">
        <dt>{t('swarm.complete', { done: numberText(complete), n: numberText(peers) })}</dt>
        <dd>{percentText(complete, peers)}</dd>
      </div>
      <div class="fact">
        <dt>{t('swarm.rarest')}</dt>
        <dd>{numberText(rarest)}</dd>
      </div>
      {finishedAndLeft > 0 && (
        <div class="fact">
          <dt>{t('swarm.gone')}</dt>
          <dd>{numberText(finishedAndLeft)}</dd>
        </div>
      )}
    </dl>
  );
}

function Member({ member, size }: { readonly member: SwarmMember; readonly size: number }) {
  const { name, self, bytes, complete, bytesPerSecond } = member;
  const shown = self ? t('swarm.self') : (name ?? '?');
  const has = complete ? size : (bytes ?? 0);
  return (
    <div class={`member${self ? ' self' : ''}`}>
      <strong dir="auto">{shown}</strong>
      <Bar label={shown} part={has} whole={size} moving={bytesPerSecond > 0} />
      <span class="figures">{complete || bytes !== null ? percentText(has, size) : '?'}</span>
      <span class="figures muted">{bytesPerSecond > 0 ? rateText(bytesPerSecond) : ''}</span>
    </div>
  );
}
