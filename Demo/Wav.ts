/** Bytes before the first sample. */
export const WAV_HEADER_BYTES = 44;

/** A silent WAV file of 16 bits a sample. @param rate - samples a second of each channel */
export function silentWav(seconds: number, rate: number, channels: number): Buffer {
  const frameBytes = channels * 2;
  const file = Buffer.alloc(WAV_HEADER_BYTES + seconds * rate * frameBytes);
  file.write('RIFF', 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(channels, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * frameBytes, 28);
  file.writeUInt16LE(frameBytes, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(file.length - WAV_HEADER_BYTES, 40);
  return file;
}
