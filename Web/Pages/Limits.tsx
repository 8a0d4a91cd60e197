import { change } from '../Api/Client.ts';
import { limits } from '../State/Live.ts';
import { attempt } from '../State/Notes.ts';
import { t } from '../Text/Language.ts';
import { rateText } from '../Text/Units.ts';

/** The limits of all traffic together; those of one scope are for the console. */
export function Limits() {
  const total = limits.value.find(({ scope }) => scope === 'total');
  if (total === undefined) return null;
  return (
    <section>
      <h2>{t('limits.title')}</h2>
      <div class="limits">
        <Limit direction="up" title={t('limits.up')} limit={total.up} now={total.sending} />
        <Limit direction="down" title={t('limits.down')} limit={total.down} now={total.receiving} />
      </div>
    </section>
  );
}

interface LimitProps {
  readonly direction: 'up' | 'down';
  readonly title: string;
  readonly limit: number | null;
  readonly now: number;
}

function Limit({ direction, title, limit, now }: LimitProps) {
  const set = (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const form = event.currentTarget;
    const rate = String(new FormData(form).get('rate') ?? '').trim();
    if (rate === '') return;
    void attempt(() => change('PUT', '/limits', { direction, rate })).then((done) => done && form.reset());
  };
  return (
    <form class="card limit" onSubmit={set}>
      <label>
        <span class="limit-title">{title}</span>
        <span class="figures muted">
          {rateText(now)} / {limit === null ? t('limits.none') : rateText(limit)}
        </span>
        <input name="rate" placeholder={t('limits.hint')} pattern="off|[0-9.]+[kKmMgG]?" maxLength={20} />
      </label>
      <button type="submit" class="button plain">
        {t('limits.set')}
      </button>
    </form>
  );
}
