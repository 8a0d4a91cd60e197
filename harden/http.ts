import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writeRandomFile } from '../bench/Files.ts';
import type { LaunchedProgram } from '../bench/Programs/LaunchedProgram.ts';
import { PATIENCE_MS, Rig, untilShared } from '../bench/Rig.ts';
import { residentMiB } from '../bench/Usage.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import { type HostileAnswer, send } from './Http/HostileClient.ts';
import { type HostileRequest, hostileRequests } from './Http/HostileRequests.ts';
import type { Figure, TrialSettings } from './Trial.ts';

const MIB = 1_048_576;
/** Upload limit of the seeder: requests and download share one computer. */
const LIMIT_MIB = 32;
const CONNECTIONS = 48;
/** A stream of `/network` keeps up to 64 MiB of its file; the same for buffers and code. */
const GROWTH_MAX_MIB = 128;

/** Hostile HTTP requests of many kinds, while the peer serves a download. */
export async function run({ short, seed }: TrialSettings): Promise<readonly Figure[]> {
  const count = short ? 600 : 10_000;
  const random = new SeededRandom(seed);
  const rig = await Rig.make();
  try {
    const secret = randomBytes(24).toString('hex');
    await writeShare(rig, secret, short ? 2 : 30);
    const seeder = await rig.peer('seeder', ['--upload-limit', `${LIMIT_MIB}M`, '--accept', 'none']);
    await untilShared(seeder, 3);
    const before = await stateOf(rig, seeder);
    const secrets = [secret, before.token, before.link, ...(await keysBelow(seeder.home)), 'root:x:0'];
    const memoryMiB = await residentMiB(seeder.pid);
    const leecher = await rig.peer('leecher');
    const downloading = leecher.ask(
      'download large.bin --json',
      /^\{.*"command":"download".*"ok":true.*\}$/,
      PATIENCE_MS,
    );
    downloading.catch(() => {}); // Awaited below.
    const requests = hostileRequests(random, count);
    const seen = new Seen(secrets);
    await sendAll(requests, (request) =>
      send(before.port, request, random).then((answer) => seen.add(request, answer)),
    );
    const peakMiB = await residentMiB(seeder.pid);
    await Promise.race([downloading, endOf(seeder)]);
    const same = await sameFile(rig.share('seeder'), rig.share('leecher'), 'large.bin');
    const after = await stateOf(rig, seeder);
    return [
      {
        name: 'requests',
        value: `${seen.requests} kinds, ${seen.answers} answers (${seen.statusText})`,
        met: seen.answers > count / 2,
      },
      figure('answers with a secret', seen.leaks, 'none'),
      figure('answers with status 500', seen.failures, 'none'),
      figure('requests in bodies that were answered', seen.smuggled, 'none'),
      figure('changes without the right to make them', seen.changes, 'none'),
      figure('files that came, went or changed', differences(before.files, after.files), 'none'),
      figure('settings that changed', before.settings === after.settings ? [] : [after.settings], 'none'),
      figure('lines of the log', linesOf(seeder), 'none'),
      { name: 'the peer', value: seeder.running ? 'runs' : 'has ended', wanted: 'runs', met: seeder.running },
      {
        name: 'the download',
        value: same ? 'complete, the same bytes' : 'wrong',
        wanted: 'the same bytes',
        met: same,
      },
      {
        name: 'growth of memory',
        value: `${Math.round(peakMiB - memoryMiB)} MiB`,
        wanted: `at most ${GROWTH_MAX_MIB} MiB`,
        met: peakMiB - memoryMiB <= GROWTH_MAX_MIB,
      },
    ];
  } finally {
    await rig.close();
  }
}

/** Rejects at the end of the peer, which would otherwise not end the download. */
async function endOf(peer: LaunchedProgram): Promise<never> {
  const { code, signal } = await peer.ended;
  throw new Error(`the peer has ended: ${code ?? signal}\n${peer.stderr.slice(-4_000)}`);
}

function figure(name: string, found: readonly string[], wanted: string): Figure {
  const shown = found.slice(0, 5).map((text) => JSON.stringify(text.slice(0, 300)));
  const more = found.length > shown.length ? ` and ${found.length - shown.length} more` : '';
  return {
    name,
    value: found.length === 0 ? 'none' : `${shown.join(', ')}${more}`,
    wanted,
    met: found.length === 0,
  };
}

/** The share, and secrets around it: beside it, hidden in it, and behind links. */
async function writeShare(rig: Rig, secret: string, seconds: number): Promise<void> {
  const share = rig.share('seeder');
  for (const folder of ['.hidden', 'folder']) await mkdir(join(share, folder), { recursive: true });
  await writeRandomFile(join(share, 'large.bin'), LIMIT_MIB * MIB * seconds);
  await writeFile(join(share, 'small.txt'), 'small file of the share\n'.repeat(40));
  await writeFile(join(share, 'folder', 'page.html'), '<script>1</script>');
  for (const place of [join(share, '..', 'secret.txt'), join(share, '.hidden', 'secret.txt')])
    await writeFile(place, secret);
  await symlink('../secret.txt', join(share, 'link.txt'));
  await symlink('..', join(share, 'linked'));
}

/** State that no request may change. */
async function stateOf(rig: Rig, seeder: LaunchedProgram) {
  const json = async (line: string) => {
    const [answer] = await seeder.ask(
      `${line} --json`,
      new RegExp(`^\\{.*"command":"${line.split(' ')[0]}".*\\}$`),
    );
    return JSON.parse(answer) as Record<string, unknown>;
  };
  const { port } = await json('whoami');
  const { items: downloads } = await json('downloads');
  const limits = ((await json('limit')).items as { scope: string; up: number; down: number }[]).map(
    ({ scope, up, down }) => ({ scope, up, down }),
  );
  const [, token = ''] = /#token=(\S+?)"/.exec(JSON.stringify(await json('web'))) ?? [];
  if (token === '') throw new Error('the peer has no token');
  const [link = ''] = /(?<=\/s\/)[\w-]+/.exec(JSON.stringify(await json('link small.txt'))) ?? [];
  if (link === '') throw new Error('the peer gives no link');
  const settings = JSON.stringify({ downloads, limits });
  return { port: Number(port), token, link, settings, files: await treeOf(join(rig.share('seeder'), '..')) };
}

/** Files below a folder with their hashes, state of the program apart. */
async function treeOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(folder.length);
    if (path.startsWith('/home/') || path.startsWith('/share/Temp/')) continue;
    found.set(path, entry.isFile() ? await hashOf(join(folder, path)) : 'no file');
  }
  return found;
}

function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => !path.endsWith('/Temp') && before.get(path) !== after.get(path));
}

/** Private keys of the program, without their frame. */
async function keysBelow(home: string): Promise<string[]> {
  const keys: string[] = [];
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = await readFile(join(entry.parentPath, entry.name), 'latin1').catch(() => '');
    keys.push(...[...text.matchAll(/PRIVATE KEY-----(?:\\n|\s)+([\w+/=]{20,})/g)].map(([, key = '']) => key));
  }
  if (keys.length === 0) throw new Error('no private key of the peer was found');
  return keys;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function sameFile(one: string, other: string, name: string): Promise<boolean> {
  return (await hashOf(join(one, name))) === (await hashOf(join(other, name)));
}

/** Lines of the error output that report an internal failure. */
function linesOf(seeder: LaunchedProgram): string[] {
  return seeder.stderr.split('\n').filter((line) => /HTTP: |Error|error/.test(line));
}

async function sendAll(
  requests: readonly HostileRequest[],
  sendOne: (request: HostileRequest) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++])
      await sendOne(request);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

/** Judges the answers. */
class Seen {
  requests = 0;
  answers = 0;
  readonly leaks: string[] = [];
  readonly failures: string[] = [];
  readonly smuggled: string[] = [];
  readonly changes: string[] = [];
  readonly #secrets: readonly string[];
  readonly #statuses = new Map<number, number>();

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  get statusText(): string {
    const sorted = [...this.#statuses].toSorted(([one], [other]) => one - other);
    return sorted.map(([status, count]) => `${status}: ${count}`).join(', ');
  }

  add(request: HostileRequest, { text, statuses }: HostileAnswer): void {
    const { bytes, family, manner, answersMax } = request;
    const shown = `${family}, ${manner}: ${bytes.subarray(0, 250).toString('latin1')}`;
    this.requests++;
    if (statuses.length > 0) this.answers++;
    for (const status of statuses) this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    if (this.#secrets.some((secret) => text.includes(secret))) this.leaks.push(shown);
    if (statuses.includes(500)) this.failures.push(shown);
    if (statuses.filter((status) => status >= 200).length > answersMax) this.smuggled.push(shown);
    if (isChanging(bytes) && statuses.some((status) => status >= 200 && status < 300))
      this.changes.push(shown);
  }
}

/** Whether a request asks for a change: none of them has the token. */
function isChanging(bytes: Buffer): boolean {
  return /^(POST|PUT|PATCH|DELETE) \/(api|drop)/.test(bytes.subarray(0, 40).toString('latin1'));
}
