import type { Part } from '../Api/Items.ts';
import { t } from '../Text/Language.ts';
import { numberText } from '../Text/Units.ts';
import { chunkCells } from './Chunks.ts';

const CELLS = 120;

/** Map of the chunks of a file that have arrived. */
export function ChunkMap({ part }: { readonly part: Part }) {
  const cells = chunkCells(part.have ?? [], part.chunks, CELLS);
  const text = t('downloads.chunks', { count: numberText(part.count), n: numberText(part.chunks) });
  return (
    <figure class="chunks">
      <svg viewBox={`0 0 ${cells.length} 10`} preserveAspectRatio="none" role="img" aria-label={text}>
        {cells.map((fraction, index) => (
          <rect
            key={index}
            x={index + 0.08}
            y={0}
            width={0.84}
            height={10}
            fill-opacity={0.1 + fraction * 0.9}
          />
        ))}
      </svg>
      <figcaption>{text}</figcaption>
    </figure>
  );
}
