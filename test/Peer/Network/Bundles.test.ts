import { expect, test } from 'vitest';
import type { ChunkWriter } from '../../../Peer/Transfer.ts';
import { Bitfield } from '../../../Protocol/Bitfield.ts';
import { type BundledFile, bundleBytes } from '../../../Protocol/Bundle.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { type Node, patient, peerIdOf, startNode, watcher } from './links.ts';

async function pair() {
  const network = new SimulatedNetwork({ seed: 1, latencyMs: [1, 5] });
  const [seeder, leecher] = [await startNode(network, 1), await startNode(network, 2)];
  const { seen, events } = watcher();
  const have = Bitfield.full(32);
  const peer = await network.settle(leecher.links.peer(seeder.contact, patient));
  const source = peer.openBundles(have, events);
  let unit = 0;
  const request = (files: readonly BundledFile[], writer: ChunkWriter) =>
    source.request(unit++, bundleBytes(files), writer, files);
  return { network, seeder, leecher, source, request, seen };
}

function shared(seeder: Node, sizes: readonly number[]): { files: BundledFile[]; contents: Buffer[] } {
  const random = new SeededRandom(7);
  const contents = sizes.map((size) => Buffer.from(random.bytes(size)));
  const files = contents.map((bytes, index) => {
    return { fileId: seeder.share.add(`tree/${index}`, bytes).fileId, size: bytes.length };
  });
  return { files, contents };
}

function gathering() {
  const got: Buffer[] = [];
  let abandoned = 0;
  const writer: ChunkWriter = {
    write: async (piece) => void got.push(Buffer.from(piece)),
    finish: async () => true,
    abandon: () => {
      abandoned++;
    },
  };
  return { writer, bytes: () => Buffer.concat(got), abandoned: () => abandoned };
}

/** A bundle's answer: each file behind a 1, or zeros behind a 0. */
function answer(contents: readonly (Buffer | number)[]): Buffer {
  return Buffer.concat(
    contents.flatMap((each) => (typeof each === 'number' ? [Buffer.alloc(1 + each)] : [Buffer.of(1), each])),
  );
}

const SIZES = [1, 4_096, 700_000, 65_537, 900_000, 900_000, 12];

test('many files come in one answer, in order; what cannot be given comes as zeros', async () => {
  const { network, seeder, request, seen } = await pair();
  const { files, contents } = shared(seeder, SIZES);
  const unknown = { fileId: peerIdOf(9) as string as BundledFile['fileId'], size: 50 };
  const [first] = files;
  if (first === undefined) throw new Error('no file');
  const wanted = [unknown, ...files, { ...first, size: 2 }];
  const { writer, bytes } = gathering();
  const served: unknown[] = [];
  seeder.links.on('servedBundle', ({ name }, bundle) => served.push(name, bundle));
  const outcome = await network.settle(request(wanted, writer));
  expect(outcome).toEqual({ kind: 'verified' });
  expect(served).toEqual(['peer 2', wanted]);
  expect(bytes().equals(answer([50, ...contents, 2]))).toBe(true);
  expect(seen.bytes).toBe(bundleBytes(wanted));
});

test('a file that changes while it is sent ends the bundle, and the lane goes on', async () => {
  const { network, seeder, request } = await pair();
  const { files, contents } = shared(seeder, SIZES);
  seeder.share.changedAt = { chunk: 0, offset: 200_000 };
  const one = gathering();
  expect(await network.settle(request(files, one.writer))).toEqual({
    kind: 'rejected',
    code: 'changed',
  });
  expect(one.abandoned()).toBe(1);
  seeder.share.changedAt = undefined;
  const two = gathering();
  expect(await network.settle(request(files, two.writer))).toEqual({ kind: 'verified' });
  expect(two.bytes().equals(answer(contents))).toBe(true);
});

test('a cancelled bundle ends as cancelled, a withdrawn one as rejected, unless it was begun; closing ends all', async () => {
  const { network, seeder, source, request } = await pair();
  const { files } = shared(seeder, SIZES);
  const asked = () => request(files, gathering().writer);
  const four = Promise.all([asked(), asked(), asked(), asked()]);
  source.cancel(1);
  source.withdraw?.(2);
  expect((await network.settle(four)).map(({ kind }) => kind)).toEqual([
    'verified',
    'cancelled',
    'rejected',
    'verified',
  ]);
  const last = asked();
  source.close();
  expect((await network.settle(last)).kind).toBe('cancelled');
  expect((await network.settle(asked())).kind).toBe('lost');
});

test('a source of bundles waits for its turn like one of chunks', async () => {
  const { network, seeder, source, seen } = await pair();
  shared(seeder, SIZES);
  expect(source.lineUp?.()).toBe(true);
  await network.settle(network.clock.advanceAsync(50));
  expect(seen.turns.length).toBeGreaterThan(0);
});

test('when the peer leaves, open bundles are lost and the source is notified', async () => {
  const { network, seeder, leecher, request, seen } = await pair();
  const { files } = shared(seeder, SIZES);
  const asked = request(files, gathering().writer);
  await network.settle(seeder.links.close());
  expect((await network.settle(asked)).kind).toBe('lost');
  expect(seen.left).toEqual(['UNREACHABLE']);
  await network.settle(leecher.links.close());
});

test.each<[string, (files: BundledFile[]) => BundledFile[]]>([
  ['of a large file', ([file]) => (file === undefined ? [] : [{ ...file, size: 1_048_577 }])],
  ['of an empty file', ([file]) => (file === undefined ? [] : [{ ...file, size: 0 }])],
])('a bundle %s breaks the lane', async (_, change) => {
  const { network, seeder, request } = await pair();
  const { files } = shared(seeder, SIZES);
  const bad = change(files);
  expect((await network.settle(request(bad, gathering().writer))).kind).toBe('lost');
  expect(seeder.links.counters.violations).toBeGreaterThan(0);
});

test('more files than a lane remembers break it', async () => {
  const { network, seeder, request } = await pair();
  const { files } = shared(seeder, [1]);
  const [file] = files;
  const many = Array.from({ length: 256 }, () => ({
    fileId: file?.fileId ?? (peerIdOf(1) as string as BundledFile['fileId']),
    size: 1_048_576,
  }));
  const asked = Promise.all(Array.from({ length: 20 }, () => request(many, gathering().writer)));
  const kinds = (await network.settle(asked)).map(({ kind }) => kind);
  expect(kinds).toContain('lost');
  expect(seeder.links.counters.violations).toBeGreaterThan(0);
});
