import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { ShareLink } from '../../ContentModel.ts';
import { formatDate } from './HumanUnits.ts';
import { baseName, isoDate } from './Items.ts';
import { limitedTable } from './TextTable.ts';
import { nextCommand, type ViewStyle } from './ViewStyle.ts';

export type LinkItem = ReturnType<typeof linkItem>;

export function linkItem(
  { number, fileId, path, size, createdWallMs, expiresWallMs }: ShareLink,
  address: string,
) {
  return {
    number,
    id: fileId,
    name: baseName(path),
    path,
    size,
    address,
    created: isoDate(createdWallMs),
    expires: isoDate(expiresWallMs),
  };
}

export function linksText(items: readonly LinkItem[], style: ViewStyle): string {
  if (items.length === 0) return `No share links. Make one: ${nextCommand(style, 'link <file>')}`;
  const table = limitedTable(items, style, '', [
    { title: '#', align: 'right', of: ({ number }) => String(number) },
    { title: 'File', shrink: 'middle', of: ({ name }) => safeText(name) },
    { title: 'Until', of: ({ expires }) => formatDate(Date.parse(String(expires))) },
    { title: 'Address', shrink: 'end', min: 20, of: ({ address }) => address },
  ]);
  return `${table}\n\nEnd one: ${nextCommand(style, 'link --revoke <number>')}`;
}
