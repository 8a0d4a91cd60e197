import type { ComponentChildren } from 'preact';
import { fileHash } from '../State/Address.ts';
import { bytesText } from '../Text/Units.ts';
import { folderOf, kindOf, nameOf } from './FileKind.ts';
import { FileName } from './FileName.tsx';
import { KindIcon } from './Icons.tsx';

interface Props {
  readonly id: string;
  readonly path: string;
  readonly size: number;
  /** Beside the size. */
  readonly about?: string | undefined;
  readonly children?: ComponentChildren;
}

/** A file in a list: the name opens its details, the actions stand at the end. */
export function FileRow({ id, path, size, about, children }: Props) {
  const folder = folderOf(path);
  return (
    <>
      <KindIcon kind={kindOf(path)} />
      <a class="name" href={fileHash(id)} title={path}>
        <FileName as="span" name={nameOf(path)} />
        <span class="file-about">
          <span class="figures">{bytesText(size)}</span>
          {about !== undefined && <span class="about">{about}</span>}
          {folder !== '' && (
            <span class="folder" dir="auto">
              {folder}
            </span>
          )}
        </span>
      </a>
      <div class="actions">{children}</div>
    </>
  );
}
