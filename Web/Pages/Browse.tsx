import { useMemo } from 'preact/hooks';
import { read } from '../Api/Client.ts';
import type { SharedFile } from '../Api/Items.ts';
import { Button, Empty, Failure, Loading } from '../Parts/Basics.tsx';
import { FileActions } from '../Parts/FileActions.tsx';
import { FileName } from '../Parts/FileName.tsx';
import { FileRow } from '../Parts/FileRow.tsx';
import { KindIcon } from '../Parts/Icons.tsx';
import { VirtualList } from '../Parts/VirtualList.tsx';
import { startDownload } from '../State/Actions.ts';
import { peerHash, shareHash } from '../State/Address.ts';
import { session } from '../State/Live.ts';
import { useAsked } from '../State/UseAsked.ts';
import { count, language, t } from '../Text/Language.ts';
import { bytesText } from '../Text/Units.ts';
import { type FolderEntry, inFolder } from './Folders.ts';
import { Face } from './Peers.tsx';

/** Files of one listing; the rest is found by search. */
const FILES_MAX = 10_000;

interface Props {
  /** Undefined: this peer. */
  readonly peer?: string;
  readonly folder: string;
}

/** The files of a peer, folder by folder. */
export function PeerPage({ peer, folder }: Required<Props>) {
  return (
    <>
      <header class="page-head">
        <Face name={peer} />
        <h1 dir="auto">{peer}</h1>
        {folder !== '' && session.value?.manage === true && (
          <Button icon="download" text={t('folder.get')} onPress={() => startDownload(`${folder}/`, peer)} />
        )}
      </header>
      <Listing peer={peer} folder={folder} />
    </>
  );
}

/** Crumbs, folders and files. */
export function Listing({ peer, folder }: Props) {
  const asked = useAsked(
    (signal) => read<SharedFile>('/ls', { peer, count: FILES_MAX }, signal),
    [peer],
    peer === undefined ? 5_000 : undefined,
  );
  const { value, failure, pending } = asked.value;
  const items = value?.items;
  const { folders, files } = useMemo(() => inFolder(listed(items ?? []), folder), [items, folder]);
  const entries: readonly Entry[] = [...folders, ...files];
  const to = (path: string) => (peer === undefined ? shareHash(path) : peerHash(peer, path));
  if (value === undefined && pending) return <Loading />;
  return (
    <section class="listing">
      <Crumbs folder={folder} to={to} />
      {value === undefined && failure !== undefined && <Failure failure={failure} />}
      {value !== undefined && entries.length === 0 && (
        <Empty title={peer === undefined && folder === '' ? t('share.none') : t('folder.empty')} />
      )}
      {items !== undefined && items.length >= FILES_MAX && (
        <p class="muted">{t('folder.cut', { n: FILES_MAX.toLocaleString(language.value) })}</p>
      )}
      {entries.length > 0 && (
        <VirtualList
          items={entries}
          label={t('folder.top')}
          keyOf={(entry: Entry) => ('path' in entry ? entry.path : `${entry.name}/`)}
          row={(entry: Entry) =>
            'path' in entry
              ? fileRow(entry, peer)
              : folderRow(entry, to(folder === '' ? entry.name : `${folder}/${entry.name}`))
          }
        />
      )}
    </section>
  );
}

type Entry = FolderEntry | SharedFile;

/** Without unfinished downloads, which the listing of this peer has too. */
function listed(items: readonly SharedFile[]): readonly SharedFile[] {
  return items.filter((item) => !('state' in item));
}

function fileRow(file: SharedFile, peer: string | undefined) {
  return (
    <FileRow id={file.id} path={file.path.slice(file.path.lastIndexOf('/') + 1)} size={file.size}>
      {peer !== undefined && <FileActions file={file} peer={peer} small />}
    </FileRow>
  );
}

function folderRow({ name, files, bytes }: FolderEntry, to: string) {
  return (
    <>
      <KindIcon kind="folder" />
      <a class="name" href={to}>
        <FileName as="span" name={name} />
        <span class="file-about">
          <span class="figures">{bytesText(bytes)}</span>
          <span class="about">{count('files.count', files)}</span>
        </span>
      </a>
    </>
  );
}

function Crumbs({ folder, to }: { readonly folder: string; readonly to: (path: string) => string }) {
  const names = folder === '' ? [] : folder.split('/');
  return (
    <nav class="crumbs" aria-label={t('folder.top')}>
      <a href={to('')} aria-current={names.length === 0 ? 'page' : undefined}>
        {t('folder.top')}
      </a>
      {names.map((name, index) => (
        <a
          key={index}
          href={to(names.slice(0, index + 1).join('/'))}
          aria-current={index === names.length - 1 ? 'page' : undefined}
          dir="auto"
        >
          {name}
        </a>
      ))}
    </nav>
  );
}
