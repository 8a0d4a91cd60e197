const RATE = 22_050;
const SECONDS = 12;
/** Frequencies of the notes of a slow melody, each half a second long. */
const NOTES = [262, 330, 392, 330, 294, 349, 440, 349, 262, 392, 523, 392] as const;

/** A short melody as WAV: 16 bits, one channel. */
export function song(): Buffer {
  const samples = RATE * SECONDS;
  const file = Buffer.alloc(44 + samples * 2);
  file.write('RIFF', 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(samples * 2, 40);
  for (let at = 0; at < samples; at++) {
    const seconds = at / RATE;
    const note = NOTES[Math.floor(seconds * 2) % NOTES.length] ?? NOTES[0];
    const fading = Math.exp(-4 * (seconds % 0.5));
    file.writeInt16LE(Math.round(9_000 * fading * Math.sin(2 * Math.PI * note * seconds)), 44 + at * 2);
  }
  return file;
}
