import { encode } from 'uqr';
import { t } from '../Text/Language.ts';

/** A code for the camera of a phone: dark on white in either theme, as cameras want it. */
export function QrCode({ address }: { readonly address: string }) {
  const { size, data } = encode(address, { border: 2 });
  const path = data.flatMap((line, y) => line.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <figure class="qr">
      <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={t('qr.title')} shape-rendering="crispEdges">
        <path d={path} />
      </svg>
      <figcaption>{t('qr.title')}</figcaption>
    </figure>
  );
}
