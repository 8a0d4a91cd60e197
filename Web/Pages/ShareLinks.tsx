import { useSignal } from '@preact/signals';
import { change, read } from '../Api/Client.ts';
import type { ShareLink } from '../Api/Items.ts';
import { Button } from '../Parts/Basics.tsx';
import { FileName } from '../Parts/FileName.tsx';
import { QrCode } from '../Parts/QrCode.tsx';
import { attempt } from '../State/Notes.ts';
import { useAsked } from '../State/UseAsked.ts';
import { t } from '../Text/Language.ts';
import { dateText, daysText } from '../Text/Units.ts';

const DAYS = [1, 7, 30, 365];

/** Makes an address with a secret for one file of the share. */
export function MakeLink({ id }: { readonly id: string }) {
  const made = useSignal<ShareLink | undefined>(undefined);
  const make = async (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const days = Number(new FormData(event.currentTarget).get('days'));
    await attempt(async () => {
      const { items } = await change<ShareLink>('POST', '/links', { what: id, days });
      made.value = items[0];
    });
  };
  return (
    <>
      <form class="send-to" onSubmit={make}>
        <label>
          <span>{t('links.title')}</span>
          <select name="days" aria-label={t('links.days')}>
            {DAYS.map((days) => (
              <option key={days} value={days} selected={days === 7}>
                {daysText(days)}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="button plain">
          {t('links.make')}
        </button>
      </form>
      {made.value !== undefined && <Address link={made.value} />}
    </>
  );
}

function Address({ link: { address } }: { readonly link: ShareLink }) {
  const copy = () => attempt(() => navigator.clipboard.writeText(address), t('link.copied'));
  return (
    <div class="link-made">
      <code>{address}</code>
      <div class="buttons">
        <Button icon="link" text={t('link.copy')} onPress={copy} />
      </div>
      <QrCode address={address} />
    </div>
  );
}

/** The share links that are valid, to copy and to end. */
export function ShareLinks() {
  const round = useSignal(0);
  const asked = useAsked((signal) => read<ShareLink>('/links', {}, signal), [round.value]);
  const links = asked.value.value?.items ?? [];
  if (links.length === 0) return null;
  const end = async (number: number) => {
    if (await attempt(() => change('DELETE', `/links/${number}`))) round.value++;
  };
  return (
    <section>
      <h2>{t('links.title')}</h2>
      <ul class="stack">
        {links.map(({ number, name, address, expires }) => (
          <li key={number} class="card line">
            <div class="name">
              <FileName as="strong" name={name} />
              <span class="file-about">{t('links.until', { date: dateText(expires) })}</span>
            </div>
            <div class="actions">
              <Button
                icon="link"
                small
                text={t('link.copy')}
                label={`${t('link.copy')}: ${name}`}
                onPress={() => attempt(() => navigator.clipboard.writeText(address), t('link.copied'))}
              />
              <Button
                icon="close"
                small
                look="bad"
                text={t('links.end')}
                label={`${t('links.end')}: ${name}`}
                onPress={() => void end(number)}
              />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
