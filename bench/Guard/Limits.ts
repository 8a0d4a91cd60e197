/** The most that each figure of Figures.ts may be. */
export const LIMITS: Readonly<Record<string, number>> = {
  'bytes read by the giver, of the file': 1.05,
  'bytes written by the giver, of the file': 1.05,
  'bytes read by the receiver, of the file': 1.05,
  'bytes written by the receiver, of the file': 1.05,
  'bytes hashed by the giver, of its share': 1.05,
  'bytes hashed by the receiver, of what it fetched': 1.05,
  'reads of the giver per MiB': 5,
  'writes of the giver per MiB': 5,
  'reads of the receiver per MiB': 5,
  'writes of the receiver per MiB': 5,
  'reads and writes of the giver per small file': 2,
  'reads and writes of the receiver per small file': 2,
  'peak MiB of the giver': 160,
  'peak MiB of the receiver': 200,
  'CPU of both for the large file, of a plain copy': 5,
  'CPU of both for the small files, of plain copies': 8,
};
