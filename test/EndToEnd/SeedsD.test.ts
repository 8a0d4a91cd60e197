import { writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { Namespaces } from '../Support/Namespaces.ts';
import { networkNamespaces, title } from '../Support/Requires.ts';
import { GONE_MS, within } from '../Support/Slowdown.ts';
import { someBytes, type TestLan, lanTest as test } from '../Support/TestLan.ts';
import { eventually, TestPeer } from '../Support/TestPeer.ts';

/** The behaviours of the seed "Rede P2P", by their lines in the checklist. */

const FILM = someBytes(300, 2_500_000);
const OTHER = someBytes(301, 2_500_000);
const NAMESPACES = networkNamespaces();

test.concurrent('D5: --share serves a folder of any name', async ({ lan }) => {
  const home = await lan.launcher.folder();
  const share = await home.inside('arquivos_compartilhaveis');
  await share.write('a.txt', 'from the folder');
  const setup = { cwd: home.path, share, args: ['--share', 'arquivos_compartilhaveis'] };
  const anna = await lan.seeder('anna', setup);
  expect(await namesAt(anna)).toEqual(['a.txt']);
  const end = await lan.script('berta', ['get anna a.txt']);
  expect(end.code).toBe(0);
});

test.concurrent('D6: a manifest names files wherever they lie, and follows its changes', async ({ lan }) => {
  const home = await lan.launcher.folder();
  await home.write('arquivos_compartilhaveis/a.txt', FILM);
  await home.write('far/away.bin', OTHER);
  const manifest = await home.write(
    'meus_arquivos.txt',
    'b.txt ./arquivos_compartilhaveis/a.txt\n"two words.bin" far/away.bin\n',
  );
  const anna = await lan.seeder('anna', { cwd: home.path, args: ['--manifest', 'meus_arquivos.txt'] });
  const berta = await lan.peer('berta');
  await berta.items('get anna b.txt');
  expect(FILM.equals(await berta.read('b.txt'))).toBe(true);
  await berta.items('download "two words.bin"');
  expect(OTHER.equals(await berta.read('two words.bin'))).toBe(true);

  await writeFile(manifest, 'c.bin far/away.bin\n');
  await eventually(
    'the new name is listed',
    async () => (await namesOf(berta, 'ls anna')).join() === 'c.bin',
  );
  expect((await berta.answer('get anna b.txt')).error?.code).toBe('NOT_FOUND');
  await home.write('far/away.bin', FILM);
  await eventually('the change is listed', async () => {
    const [file] = await berta.items('ls anna');
    return file !== undefined && file.id !== undefined && (await sameContent(berta, file.id));
  });
  expect((await anna.answer('status')).share).toMatchObject({
    manifest: expect.stringContaining('meus_arquivos'),
  });
});

test.concurrent('D7: only files that the manifest names are shared, and bad lines are reported with their number', async ({
  lan,
}) => {
  const home = await lan.launcher.folder();
  await home.write('a.txt', FILM);
  await home.write('list.txt', 'a.txt a.txt\nmalformed\n\n# a comment\nmissing nowhere.txt\n');
  const files = { 'unlisted.txt': 'in the share folder' };
  const anna = await lan.seeder('anna', { files, args: ['--manifest', home.at('list.txt')] });
  await anna.program.line(/^list\.txt line 2: no path after the name "malformed"/, { output: 'stderr' });
  await anna.program.line(/^list\.txt line 5: "nowhere\.txt" does not exist$/, { output: 'stderr' });
  expect(await namesAt(anna)).toEqual(['a.txt']);
  const end = await lan.script('berta', ['get anna unlisted.txt', 'download unlisted.txt', 'get anna a.txt']);
  expect(end.code).toBe(1);
  expect(end.stderr).toMatch(/line 1 .* does not share "unlisted\.txt"\nhint: /);
  expect(end.stderr).toMatch(/line 2 .* nobody shares "unlisted\.txt" now\nhint: /);
  expect(end.stderr).not.toContain('line 3');
});

test.concurrent('D7: a manifest that cannot be read is one error line', async ({ lan }) => {
  const end = await lan.script('anna', [], { args: ['--manifest', '/nowhere/list.txt'] });
  expect(end.code).toBe(1);
  expect(end.stderr).toMatch(
    /^error: the manifest "\/nowhere\/list\.txt" does not exist\nhint: .*name path\n$/,
  );
});

test.concurrent('D8: peers is a table of the others, one row each, none for itself', async ({ lan }) => {
  const peers = [await lan.peer('anna'), await lan.peer('berta'), await lan.peer('clara')];
  for (const peer of peers) await allKnown(peer, 2);
  const [anna, ...others] = peers;
  const end = await lan.script('dora', ['peers']);
  for (const { name, port } of peers)
    expect(end.stdout).toMatch(new RegExp(`^${name} +127\\.0\\.0\\.1:${port} `, 'm'));
  expect(end.stdout).not.toContain('dora');
  const ports = (await anna?.items('peers'))?.map(({ port }) => port);
  expect(ports).toEqual(expect.arrayContaining(others.map(({ port }) => port)));
  expect(ports).not.toContain(anna?.port);
});

test.concurrent('D9: ls <IP> <PORT> is a table of what that peer shares', async ({ lan }) => {
  const anna = await lan.seeder('anna', { files: { 'a.txt': 'one', 'd/b.txt': 'two' } });
  const end = await lan.script('berta', [`ls 127.0.0.1 ${anna.port}`, `ls 127.0.0.1 ${anna.port} d`]);
  expect(end.code).toBe(0);
  expect(end.stdout).toMatch(/^a\.txt +3 B/m);
  expect(end.stdout.match(/^d\/b\.txt +3 B/gm)).toHaveLength(2);
});

test.concurrent('D10: get <IP> <FILE> takes the peer of that IP that has it', async ({ lan }) => {
  await lan.seeder('anna', { files: { 'a.txt': FILM, 'both.txt': FILM } });
  await lan.seeder('berta', { files: { 'b.txt': OTHER, 'both.txt': OTHER } });
  const clara = await lan.peer('clara');
  await allKnown(clara, 2);
  await clara.items('get 127.0.0.1 a.txt');
  await clara.items('get 127.0.0.1 b.txt');
  expect(FILM.equals(await clara.read('a.txt'))).toBe(true);
  expect(OTHER.equals(await clara.read('b.txt'))).toBe(true);
  const both = await clara.answer('get 127.0.0.1 both.txt');
  expect(both.error).toMatchObject({
    code: 'AMBIGUOUS',
    hint: expect.stringMatching(/^Name one by address: /),
  });
  for (const name of ['anna', 'berta']) expect(both.error?.hint).toContain(`${name} 127.0.0.1:`);
  expect((await clara.answer('get 127.0.0.1 nothing.txt')).error).toMatchObject({
    code: 'NOT_FOUND',
    message: 'none of the 2 peers at 127.0.0.1 shares "nothing.txt"',
  });
  expect((await clara.answer('get 192.0.2.77 a.txt')).error?.code).toBe('NOT_FOUND');
});

test.concurrent('D11: get by name, by the start of the id, by ip:port', async ({ lan }) => {
  const anna = await lan.seeder('anna', { files: { '1.bin': FILM, '2.bin': OTHER, '3.bin': 'three' } });
  const berta = await lan.peer('berta');
  await allKnown(berta, 1);
  const id = String((await anna.answer('whoami')).id);
  await berta.items('get anna 1.bin');
  await berta.items(`get ${id.slice(0, 8)} 2.bin`);
  await berta.items(`get 127.0.0.1:${anna.port} 3.bin`);
  expect(await berta.files()).toEqual(expect.arrayContaining(['1.bin', '2.bin', '3.bin']));
  expect(OTHER.equals(await berta.read('2.bin'))).toBe(true);
});

test('D12: quit takes the peer off the tracker within a second', async ({ lan }) => {
  const anna = await lan.peer('anna');
  const berta = await lan.peer('berta');
  await allKnown(berta, 1);
  await allKnown(anna, 1);
  await within(GONE_MS, async () => {
    anna.program.type('quit');
    await eventually('it is gone', async () => (await berta.items('peers')).length === 0);
  });
  expect(await anna.program.exitCode()).toBe(0);
});

test.concurrent('D14: any peer can list any other', async ({ lan }) => {
  await lan.tracker(); // One for all three.
  const names = ['anna', 'berta', 'clara'];
  const peers = await Promise.all(
    names.map((name) => lan.seeder(name, { files: { [`${name}.txt`]: name } })),
  );
  for (const peer of peers) await allKnown(peer, 2);
  for (const asking of peers) {
    for (const asked of peers) {
      const files = await namesOf(asking, asking === asked ? 'ls' : `ls ${asked.name}`);
      expect({ asking: asking.name, files }).toEqual({ asking: asking.name, files: [`${asked.name}.txt`] });
    }
  }
});

test.concurrent('D15: a peer whose console waits for input serves', async ({ lan }) => {
  await lan.peer('idle', { files: { 'film.bin': FILM }, args: ['--menu'] });
  await findable(lan, 'film.bin');
  const end = await lan.script('berta', ['get idle film.bin']);
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' });
});

test.skipIf(NAMESPACES)(title('D16: between two computers', NAMESPACES), async ({ lan }) => {
  const made = await Namespaces.make(2);
  lan.onClose(() => made.close());
  const [first, second] = made.hosts;
  if (first === undefined || second === undefined) throw new Error('two were wanted');
  const tracker = await lan.launcher.tracker(['9450'], { prefix: first.prefix });
  await tracker.line(/^\d+\.\d+\.\d+\.\d+:9450$/);
  const start = async (host: typeof first, files: Readonly<Record<string, Uint8Array>>) => {
    const share = await lan.launcher.folder();
    for (const [path, content] of Object.entries(files)) await share.write(path, content);
    const args = ['9001', '--tracker', `${first.ip}:9450`, '--share', share.path, '--name', host.ip];
    return new TestPeer(host.ip, await lan.launcher.peer(args, { prefix: host.prefix }), share, 9_001);
  };
  const anna = await start(first, { 'a.txt': FILM });
  const berta = await start(second, { 'b.txt': OTHER });
  await Promise.all([anna.isPublished(), berta.isPublished()]);
  expect(await namesOf(berta, `ls ${first.ip} 9001`)).toEqual(['a.txt']);
  await berta.items(`get ${first.ip} a.txt`);
  await anna.items(`get ${second.ip} b.txt`);
  expect(FILM.equals(await berta.read('a.txt'))).toBe(true);
  expect(OTHER.equals(await anna.read('b.txt'))).toBe(true);
});

async function namesOf(peer: TestPeer, command: string): Promise<string[]> {
  return (await peer.items(command)).map(({ path }) => path).sort();
}

function namesAt(peer: TestPeer): Promise<string[]> {
  return namesOf(peer, 'list');
}

async function sameContent(peer: TestPeer, id: string): Promise<boolean> {
  const known = await peer.items('list');
  return known.some((file) => file.path === 'b.txt' && file.id === id);
}

/** Waits until a search finds a file. */
async function findable(lan: TestLan, name: string): Promise<void> {
  const asker = await lan.peer('asker');
  await eventually(`${name} is found`, async () => (await asker.items(`search ${name}`)).length === 1);
}

function allKnown(peer: TestPeer, others: number): Promise<true> {
  return eventually(
    `${peer.name} knows ${others}`,
    async () => (await peer.items('peers')).length === others,
  );
}
