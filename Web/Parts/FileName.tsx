/** Characters at the end of a long name that stay readable: numbered names differ there, and the extension says what it is. */
const END_LENGTH = 18;
/** Belongs to the character before it: a combining mark, a joiner, a variation of an emoji. */
const JOINED = /^(\p{M}|\u200d|\p{Emoji_Modifier})/u;

interface Props {
  readonly as: 'span' | 'strong' | 'h3';
  readonly name: string;
  readonly title?: string | undefined;
}

/** A name that may be cut in the middle, never at its end. */
export function FileName({ as: Tag, name, title }: Props) {
  const [start, end] = nameParts(name);
  return (
    <Tag class="file-name" dir="auto" title={title}>
      {start !== '' && <span>{start}</span>}
      <span>{end}</span>
    </Tag>
  );
}

/** @returns the part that may be cut, '' for a short name, and the end of a name; no character is split */
export function nameParts(name: string): readonly [start: string, end: string] {
  const characters = [...name];
  let from = characters.length - END_LENGTH;
  while (from > 0 && (JOINED.test(characters[from] ?? '') || characters[from - 1] === '\u200d')) from--;
  return from < 1 ? ['', name] : [characters.slice(0, from).join(''), characters.slice(from).join('')];
}
