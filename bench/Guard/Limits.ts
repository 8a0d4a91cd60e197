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

/** Upper limit of each figure of Scale.ts, five times the measured one: a scan instead of a lookup takes far longer. */
export const SCALE_LIMITS: Readonly<Record<string, number>> = {
  'CPU ms of a search in 100,000 files': 75,
  'CPU ms of a listing of 100,000 files after a change': 190,
  'CPU ms of 10,000 picks in a million chunks': 1_000,
  // 119 MiB, 40 of them above a download of 20,000 files: 200 bytes a file.
  'peak MiB of a download of 200,000 small files, without network and disk': 160,
};
