/** Upper limit of each figure of Figures.ts. */
export const LIMITS: Readonly<Record<string, number>> = {
  'bytes read by the sender, of the file': 1.05,
  'bytes written by the sender, of the file': 1.05,
  'bytes read by the receiver, of the file': 1.05,
  'bytes written by the receiver, of the file': 1.05,
  'bytes hashed by the sender, of its share': 1.05,
  'bytes hashed by the receiver, of what it fetched': 1.05,
  'reads of the sender per MiB': 5,
  'writes of the sender per MiB': 5,
  'reads of the receiver per MiB': 5,
  'writes of the receiver per MiB': 5,
  'reads and writes of the sender per small file': 2,
  'reads and writes of the receiver per small file': 2,
  'peak MiB of the sender': 160,
  'peak MiB of the receiver': 200,
  'CPU of both for the large file, of a plain copy': 5,
  'CPU of both for the small files, of plain copies': 8,
};
