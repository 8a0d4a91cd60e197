import type { Kind } from './FileKind.ts';

const PATHS = {
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Zm4.8-1.7L20 20',
  download: 'M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 19.5h14',
  peers:
    'M8.5 11a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM2.8 19c.5-3.3 2.8-5 5.7-5s5.2 1.7 5.7 5M16 10.6a2.7 2.7 0 1 0 0-5.4m1.8 8.6c2 .6 3.2 2.2 3.5 4.7',
  share: 'M12 15V4m0 0L7.5 8.5M12 4l4.5 4.5M5 13v5.5A1.5 1.5 0 0 0 6.5 20h11a1.5 1.5 0 0 0 1.5-1.5V13',
  doctor: 'M3 12.5h4l2-5.5 4 11 2.5-7 1.2 1.5H21',
  close: 'M6 6l12 12M18 6 6 18',
  first: 'M5 4.5h14M12 20V8.5m0 0L7.5 13M12 8.5l4.5 4.5',
  pause: 'M8.5 5.5v13m7-13v13',
  play: 'M8 5.5v13l10.5-6.5L8 5.5Z',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  warn: 'M12 8.5v4.5m0 3.2v.1M10.3 4.5 3 17.5A2 2 0 0 0 4.7 20.5h14.6a2 2 0 0 0 1.7-3L13.7 4.5a2 2 0 0 0-3.4 0Z',
  link: 'M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7L11.8 6.5M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7l1.3-1.3',
  qr: 'M4.5 4.5h5.5v5.5H4.5zM14 4.5h5.5v5.5H14zM4.5 14h5.5v5.5H4.5zM14 14h2.5v2.5H14zM19.5 14v5.5H17',
  send: 'M4 12 20 4.5 15.5 20l-4-6.5L4 12Zm7.5 1.5L20 4.5',
  chevron: 'm9 5.5 6.5 6.5L9 18.5',
  folder:
    'M3.5 7A1.5 1.5 0 0 1 5 5.5h4.2l2 2.3H19A1.5 1.5 0 0 1 20.5 9.3V17A1.5 1.5 0 0 1 19 18.5H5A1.5 1.5 0 0 1 3.5 17V7Z',
  expand: 'M4.5 9.5v-5h5M19.5 14.5v5h-5M14.5 4.5h5v5M9.5 19.5h-5v-5',
  image: 'M4.5 5h15v14h-15zM5 16.5l4.5-4.5 3.5 3.5 2.5-2.5 4 4M15 9.3v.1',
  video: 'M4.5 5.5h15v13h-15zM10 9.2v5.6l4.7-2.8L10 9.2Z',
  audio:
    'M9 17.5V6l10-2v11.5M9 17.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0Zm10-2a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0Z',
  text: 'M6 3.5h8l4.5 4.5v12.5H6zM13.5 4v4.5H18M9 12.5h6.5M9 16h6.5',
  archive: 'M4.5 7.5h15v12h-15zM4.5 7.5l2-3.5h11l2 3.5M10 12h4',
  other: 'M6 3.5h8l4.5 4.5v12.5H6zM13.5 4v4.5H18',
};

export type IconName = keyof typeof PATHS;

/** A drawing beside a text that says the same: hidden from screen readers. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function KindIcon({ kind }: { readonly kind: Kind | 'folder' }) {
  return (
    <span class={`kind kind-${kind}`}>
      <Icon name={kind} />
    </span>
  );
}
