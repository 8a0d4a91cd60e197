import type { Reachable } from '../State/Actions.ts';
import { savingAddress, startDownload } from '../State/Actions.ts';
import { session } from '../State/Live.ts';
import { t } from '../Text/Language.ts';
import { Button } from './Basics.tsx';
import { nameOf } from './FileKind.ts';
import { Icon } from './Icons.tsx';

interface Props {
  readonly file: Reachable;
  readonly peer?: string;
  readonly small?: boolean;
}

/** One press downloads into the share; a guest saves with the browser. */
export function FileActions({ file, peer, small = false }: Props) {
  const name = nameOf(file.path);
  if (file.here === true) {
    return (
      <span class="here" title={t('here')}>
        <Icon name="check" />
        <span>{t('here')}</span>
      </span>
    );
  }
  if (session.value?.manage === true) {
    const what = peer === undefined ? file.id : file.path;
    return (
      <Button
        icon="download"
        look="main"
        small={small}
        text={t('download')}
        label={t('download.name', { name })}
        onPress={() => startDownload(what, peer)}
      />
    );
  }
  return <SaveLink file={file} small={small} />;
}

/** Saves the file with the browser: the only way for a guest, the second one for an owner. */
export function SaveLink({ file, small = false }: Props) {
  const name = nameOf(file.path);
  const label = t('save.name', { name });
  const address = savingAddress(file);
  const isGuest = session.value?.manage !== true;
  if (address === undefined) return null;
  return (
    <a
      class={`button ${isGuest ? 'main' : 'plain'}${small ? ' small' : ''}`}
      href={address}
      download={name}
      aria-label={label}
    >
      <Icon name="download" />
      <span>{t(isGuest ? 'save' : 'save.browser')}</span>
    </a>
  );
}
