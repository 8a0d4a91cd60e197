import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeRandomFile } from './DemoFiles.ts';
import type { DemoNetwork } from './DemoNetwork.ts';
import type { DemoPeer } from './DemoPeer.ts';
import { picture } from './DemoPicture.ts';
import { song } from './DemoSong.ts';

/** Limit of every peer, so that downloads can be watched. */
const UPLOAD_LIMIT = '6M';
/** A film that takes a while. */
export const LECTURE = 'Lectures/3 tides and currents.mp4';
const LECTURE_MEBIBYTES = 192;
/** 30 s of moving colours. */
const FILM = new URL('../../Demo/lecture.mp4', import.meta.url);

const TEXTS: Readonly<Record<string, string>> = {
  'Holiday/packing list.txt': 'Sun hat\nSnorkel\nTwo books\nCharger\n',
  'Lectures/notes.md': '# Tides\n\nThe moon pulls twice a day.\n',
  'Homework/reef.csv': 'depth,species\n3,41\n9,67\n15,52\n',
};
const PICTURES: readonly string[] = ['harbour at dawn.png', 'harbour at noon.png', 'harbour at night.png'];

const ARCHIVES: readonly string[] = ['Holiday/island trails.zip', 'Holiday/maps.zip', 'Holiday/letters.tar'];

/** The peers of the demo on the page: the first is the one to look at, the second has most files. */
export interface WebDemo {
  readonly own: DemoPeer;
  readonly others: readonly DemoPeer[];
  /** Address of the page, with the token of its owner. */
  readonly address: string;
}

/** Starts a tracker and four peers with files to find, to view and to download. */
export async function startWebDemo(network: DemoNetwork, signal: AbortSignal): Promise<WebDemo> {
  await network.startTracker(signal);
  const [own, studio, ...rest] = await Promise.all(
    ['anna', 'studio', 'lab-03', 'marta'].map((name) => network.peer(name)),
  );
  if (own === undefined || studio === undefined) throw new Error('no peers');
  const others = [studio, ...rest];
  for (const [path, text] of Object.entries(TEXTS)) await put(studio, path, text);
  for (const [number, name] of PICTURES.entries()) {
    const bytes = picture(number);
    for (const peer of others.slice(0, 1 + number)) await put(peer, `Holiday/${name}`, bytes);
  }
  await put(own, 'Holiday/beach.png', picture(3));
  await put(studio, 'Holiday/boat song.wav', song());
  for (const [number, path] of ARCHIVES.entries()) {
    for (const peer of others.slice(0, 1 + (number % 2)))
      await put(peer, path, Buffer.alloc((1 + number) * 1_310_720, number));
  }
  await writeLecture(join(studio.share, LECTURE), signal);
  for (const peer of [own, ...others])
    network.start(peer, ['--upload-limit', UPLOAD_LIMIT, '--accept', 'ask']);
  await network.untilShared(own, LECTURE, 1, signal);
  const { address } = await own.run('web', signal);
  if (typeof address !== 'string') throw new Error('the peer has no page');
  return { own, others, address };
}

/** The film, followed by a box that players skip, so that its download can be watched. */
async function writeLecture(path: string, signal: AbortSignal): Promise<void> {
  const film = await readFile(FILM);
  const box = Buffer.from('....free', 'latin1');
  box.writeUInt32BE(LECTURE_MEBIBYTES * 1_048_576 - film.length);
  await writeRandomFile(path, LECTURE_MEBIBYTES, signal);
  const file = await open(path, 'r+');
  try {
    await file.write(Buffer.concat([film, box]), 0, film.length + box.length, 0);
  } finally {
    await file.close();
  }
}

async function put(peer: DemoPeer, path: string, content: string | Uint8Array): Promise<void> {
  const to = join(peer.share, path);
  await mkdir(dirname(to)).catch((failure: NodeJS.ErrnoException) => {
    if (failure.code !== 'EEXIST') throw failure;
  });
  await writeFile(to, content);
}
