import { useSignal } from '@preact/signals';
import { ApiError, request } from '../Api/Client.ts';
import { previewOf } from '../Parts/FileKind.ts';
import { contentAddress, type Reachable } from '../State/Actions.ts';
import { useAsked } from '../State/UseAsked.ts';
import { t } from '../Text/Language.ts';
import { bytesText } from '../Text/Units.ts';

/** Bytes of a text that are fetched for its preview. */
const TEXT_BYTES = 64 * 1_024;

/** A look at a file without taking it: pictures, texts, sound, film. Ranges of the bytes do the streaming. */
export function Preview({ file }: { readonly file: Reachable }) {
  const failed = useSignal(false);
  const address = contentAddress(file);
  const kind = previewOf(file.path);
  const onError = () => {
    failed.value = true;
  };
  if (address === undefined) return <p class="no-preview">{t('preview.away')}</p>;
  if (failed.value) return <p class="no-preview">{t('preview.failed')}</p>;
  if (kind === undefined) return <p class="no-preview">{t('preview.none')}</p>;
  if (kind === 'text') return <TextPreview address={address} />;
  if (kind === 'image') return <img class="preview" src={address} alt="" onError={onError} />;
  // Captions of strangers' films are not known.
  const Media = kind;
  return (
    <Media
      class="preview"
      src={address}
      controls
      preload="metadata"
      aria-label={t('preview')}
      onError={onError}
    />
  );
}

function TextPreview({ address }: { readonly address: string }) {
  const asked = useAsked((signal) => firstText(address, signal), [address]);
  const { value, failure } = asked.value;
  if (failure !== undefined) return <p class="no-preview">{t('preview.failed')}</p>;
  if (value === undefined) return <p class="no-preview">{t('loading')}</p>;
  return (
    <figure class="preview text">
      <textarea readOnly rows={16} dir="auto" aria-label={t('preview')} value={value.text} />
      {value.cut && <figcaption>{t('preview.cut', { size: bytesText(TEXT_BYTES) })}</figcaption>}
    </figure>
  );
}

async function firstText(address: string, signal: AbortSignal): Promise<{ text: string; cut: boolean }> {
  const response = await request(address, { headers: { Range: `bytes=0-${TEXT_BYTES - 1}` }, signal });
  if (response.status === 416) return { text: '', cut: false };
  if (!response.ok || response.body === null) throw new ApiError('FAILED', `HTTP ${response.status}`);
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = '';
  let bytes = 0;
  while (bytes < TEXT_BYTES) {
    const { done, value } = await reader.read();
    if (done) return { text, cut: response.status === 206 && bytes >= TEXT_BYTES };
    bytes += value.byteLength;
    text += decoder.decode(value, { stream: true });
  }
  void reader.cancel();
  return { text, cut: true };
}
