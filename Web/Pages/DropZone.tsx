import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { DROPPED_MAX, type Dropped, droppedFiles, sendFile } from '../Api/Drop.ts';
import { Bar, Button } from '../Parts/Basics.tsx';
import { Icon } from '../Parts/Icons.tsx';
import { refreshStatus, session } from '../State/Live.ts';
import { attempt } from '../State/Notes.ts';
import { t } from '../Text/Language.ts';
import { bytesText, numberText } from '../Text/Units.ts';

interface Sending {
  readonly name: string;
  readonly bytes: number;
  readonly size: number;
  /** Position within the drop, from 1. */
  readonly at: number;
  readonly of: number;
  /** `asking`: the owner decides; `lost`: no connection. */
  readonly state: 'asking' | 'sending' | 'lost';
}

/** Files that are dropped or chosen here go into the share; those of a guest when the owner agrees. */
export function DropZone() {
  const picker = useRef<HTMLInputElement>(null);
  const over = useSignal(false);
  const sending = useSignal<Sending | undefined>(undefined);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const manage = session.value?.manage === true;

  const sendAll = async (files: readonly Dropped[]) => {
    if (sending.value !== undefined) return;
    stop.current = new AbortController();
    const { signal } = stop.current;
    for (const [index, dropped] of files.slice(0, DROPPED_MAX).entries()) {
      const { name, size } = dropped.file;
      const show = (bytes: number, state: Sending['state']) => {
        sending.value = { name, bytes, size, at: index + 1, of: files.length, state };
      };
      const progress = {
        sent: (bytes: number) => show(bytes, 'sending'),
        trouble: () => show(sending.value?.bytes ?? 0, 'lost'),
      };
      show(0, manage ? 'sending' : 'asking');
      const sent = await attempt(
        () => sendFile(dropped, progress, !manage, signal),
        files.length === 1 ? t('share.sent', { name }) : undefined,
      );
      if (!sent) break;
    }
    sending.value = undefined;
    if (manage) void refreshStatus();
  };

  const onDrop = async (event: DragEvent) => {
    event.preventDefault();
    over.value = false;
    if (event.dataTransfer !== null) await sendAll(await droppedFiles(event.dataTransfer.items));
  };
  const onPick = async (event: Event & { readonly currentTarget: HTMLInputElement }) => {
    const files = [...(event.currentTarget.files ?? [])].map((file) => ({ path: file.name, file }));
    event.currentTarget.value = '';
    await sendAll(files);
  };

  const now = sending.value;
  return (
    <section
      class={`drop${over.value ? ' over' : ''}`}
      aria-label={manage ? t('share.drop') : t('share.dropGuest')}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => (over.value = false)}
      onDrop={onDrop}
    >
      <Icon name="share" />
      <h2>{manage ? t('share.drop') : t('share.dropGuest')}</h2>
      <p class="muted">{manage ? t('share.dropHint') : t('share.guestHint')}</p>
      {now === undefined ? (
        <Button look="main" text={t('share.pick')} onPress={() => picker.current?.click()} />
      ) : (
        <div class="sending">
          <p class="figures">
            {numberText(now.at)} / {numberText(now.of)} · {now.name} · {bytesText(now.size)}
          </p>
          <Bar label={now.name} part={now.bytes} whole={now.size} moving={now.state === 'sending'} />
          {now.state !== 'sending' && (
            <p role="status">{t(now.state === 'asking' ? 'share.asking' : 'share.lost')}</p>
          )}
          <Button text={t('cancel')} onPress={() => stop.current.abort()} />
        </div>
      )}
      <input ref={picker} type="file" multiple hidden onChange={onPick} />
    </section>
  );
}
