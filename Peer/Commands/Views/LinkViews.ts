import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { SharedLink } from '../Ports.ts';
import { limitedTable } from './FileViews.ts';
import { formatDate } from './HumanUnits.ts';
import { baseName, isoDate } from './Items.ts';
import type { Column } from './TextTable.ts';
import type { ViewStyle } from './ViewStyle.ts';

export type LinkItem = ReturnType<typeof linkItem>;

export function linkItem(
  { number, fileId, path, size, createdWallMs, expiresWallMs }: SharedLink,
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
  if (items.length === 0) return 'No share links. Make one: link <file>';
  const columns: Column[] = [
    { title: '#', align: 'right' },
    { title: 'File', shrink: 'middle' },
    { title: 'Until' },
    { title: 'Address', shrink: 'end', min: 20 },
  ];
  const row = (item: LinkItem) => [
    String(item.number),
    safeText(item.name),
    formatDate(Date.parse(String(item.expires))),
    item.address,
  ];
  return `${limitedTable(columns, items, row, style, '')}\n\nEnd one: link --revoke <number>`;
}
