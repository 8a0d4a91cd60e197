import { silentWav, WAV_HEADER_BYTES } from './Wav.ts';

const RATE = 22_050;
const SECONDS = 12;
/** Frequencies of the notes of a slow melody, each half a second long. */
const NOTES = [262, 330, 392, 330, 294, 349, 440, 349, 262, 392, 523, 392] as const;

/** A short melody as WAV: 16 bits, one channel. */
export function song(): Buffer {
  const samples = RATE * SECONDS;
  const file = silentWav(SECONDS, RATE, 1);
  for (let at = 0; at < samples; at++) {
    const seconds = at / RATE;
    const note = NOTES[Math.floor(seconds * 2) % NOTES.length] ?? NOTES[0];
    const fading = Math.exp(-4 * (seconds % 0.5));
    file.writeInt16LE(
      Math.round(9_000 * fading * Math.sin(2 * Math.PI * note * seconds)),
      WAV_HEADER_BYTES + at * 2,
    );
  }
  return file;
}
