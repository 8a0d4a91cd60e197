import type { PeerId } from '../Protocol/Ids.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import { Directory } from './Directory.ts';
import { SwarmPeer } from './SwarmPeer.ts';
import { Timeline } from './Timeline.ts';
import { virtualFile } from './VirtualDisk.ts';
import { Wire } from './Wire.ts';

/** A swarm to be simulated. Rates in bytes a second. */
export interface SimulationOptions {
  readonly seed: number;
  /** All that are there at the start, seeders among them. */
  readonly peers: number;
  readonly seeders: number;
  readonly bytes: number;
  readonly upRate: number;
  readonly downRate: number;
  /** Peers limit themselves to `upRate` on a line that takes ten times as much; else the line is the limit. */
  readonly ownLimits: boolean;
  readonly latencyMs: number;
  readonly lossRatio: number;
  /** Share of the leechers that is switched off every minute, each replaced by a newcomer that has nothing. */
  readonly churnPerMinute: number;
  /** Peers beyond `peers` that say they have everything, and send wrong bytes. */
  readonly liars: number;
  /** Switch the seeders off when every chunk has left them once. */
  readonly seedersLeave: boolean;
  /** Switch so many leechers off when the swarm has half of what it wants. */
  readonly killed: number;
}

export interface SimulationResult {
  /** From the start until the last of those who were there from the start and stayed had everything, in seconds. */
  readonly makespan: number;
  /** The least time that arithmetic allows, in seconds. */
  readonly bound: number;
  /** Everybody who was not switched off has everything. */
  readonly allDone: boolean;
  readonly done: number;
  readonly switchedOff: number;
  readonly newcomers: number;
  /** Bytes that came twice or wrong, as a share of what those who were not switched off wanted. */
  readonly wastedRatio: number;
  /** How often the seeders sent the file together. */
  readonly seederCopies: number;
  /** Peers that were blamed, of the liars and of the others. */
  readonly blamed: { readonly liars: number; readonly honest: number };
}

/** Simulated time after which a swarm counts as stuck, beside ten times its bound. */
const PATIENCE_MS = 600_000;
const OWN_LIMIT_LINE = 10;
const LOOK_MS = 100;

/** One swarm, from the first request to the last chunk. The same options give the same history. */
export class Simulation {
  readonly #options: SimulationOptions;
  readonly #random: SeededRandom;
  readonly #clock = new Timeline();
  readonly #wire: Wire;
  readonly #directory: Directory;
  readonly #file;
  readonly #peers: SwarmPeer[] = [];
  readonly #blamed = new Set<PeerId>();
  /** Leechers that were there at the start. */
  #first: readonly SwarmPeer[] = [];
  #switchedOff = 0;
  #newcomers = 0;
  #churning = true;

  constructor(options: SimulationOptions) {
    const { seed, latencyMs, lossRatio, bytes } = options;
    this.#options = options;
    this.#random = new SeededRandom(seed);
    this.#wire = new Wire(this.#clock, this.#random.fork().next, { latencyMs, lossRatio });
    this.#directory = new Directory(this.#random.fork(), lossRatio);
    this.#file = virtualFile(bytes);
  }

  get peers(): readonly SwarmPeer[] {
    return this.#peers;
  }

  async run(): Promise<SimulationResult> {
    const { peers, seeders, liars } = this.#options;
    const givers = Array.from({ length: seeders }, () => this.#join('seeder'));
    for (let liar = 0; liar < liars; liar++) this.#join('liar');
    this.#first = Array.from({ length: peers - seeders }, () => this.#join('leecher'));
    this.#churnLater();
    this.#watch(givers);
    const limitMs = PATIENCE_MS + this.#bound() * 10_000;
    const isDone = (peer: SwarmPeer) => peer.dead || peer.doneMs !== undefined;
    const firstDone = await this.#clock.runUntil(() => this.#first.every(isDone), limitMs);
    this.#churning = false;
    const leechers = () => this.#peers.filter(({ options }) => options.role === 'leecher');
    const allDone = firstDone && (await this.#clock.runUntil(() => leechers().every(isDone), limitMs));
    const stayed = this.#first.filter(({ dead }) => !dead);
    const result = {
      makespan: Math.max(0, ...stayed.map(({ doneMs = Number.POSITIVE_INFINITY }) => doneMs)) / 1_000,
      bound: this.#bound(),
      allDone,
      done: leechers().filter(({ doneMs }) => doneMs !== undefined).length,
      switchedOff: this.#switchedOff,
      newcomers: this.#newcomers,
      wastedRatio: this.#wastedRatio(),
      seederCopies: this.#sentBy(givers) / this.#options.bytes,
      blamed: this.#blame(),
    };
    for (const peer of this.#peers) peer.kill();
    await this.#clock.runUntil(() => false, 1);
    return result;
  }

  /**
   * The least time that arithmetic allows for those who are there from the start to the end: every chunk leaves a seeder once, and all who
   * can send bring it together to all who want it, at what a line carries beside the packets it sends again. Nobody who is switched off
   * and no newcomer counts: what they take is taken from the others, what they gave is a gift, and a newcomer's own time would begin later.
   * Chunks pass on only when they are whole, which costs even a perfect swarm about log2(peers) times a chunk's time more; it is not in it.
   */
  #bound(): number {
    const { peers, seeders, bytes, downRate, killed, lossRatio, ownLimits } = this.#options;
    // A limit of our own counts payload; the line beneath it is faster.
    const upRate = this.#options.upRate * (ownLimits ? 1 : 1 - lossRatio);
    const leechers = peers - seeders - killed;
    return Math.max(
      bytes / (upRate * seeders),
      bytes / downRate,
      (leechers * bytes) / (upRate * (peers - killed)),
    );
  }

  #join(role: 'seeder' | 'leecher' | 'liar'): SwarmPeer {
    const { upRate, downRate, ownLimits } = this.#options;
    const number = this.#peers.length + 1;
    const lineRate = ownLimits ? upRate * OWN_LIMIT_LINE : upRate;
    const host = this.#wire.host(`10.0.${number >> 8}.${number & 255}`, lineRate, downRate);
    const peer = new SwarmPeer({
      number,
      host,
      role,
      clock: this.#clock,
      random: this.#random.fork(),
      directory: this.#directory,
      file: this.#file,
      uploadLimit: ownLimits ? upRate : undefined,
      blamed: (liar) => this.#blamed.add(liar),
    });
    this.#peers.push(peer);
    void peer.start();
    return peer;
  }

  /** At random moments one leecher is switched off and another one comes. */
  #churnLater(): void {
    const { churnPerMinute, peers, seeders } = this.#options;
    const perMs = (churnPerMinute * (peers - seeders)) / 60_000;
    if (perMs <= 0) return;
    this.#clock.after(-Math.log(1 - this.#random.next()) / perMs, () => {
      const alive = this.#peers.filter((peer) => peer.options.role === 'leecher' && !peer.dead);
      if (!this.#churning || alive.length === 0) return;
      this.#switchOff(this.#random.pick(alive));
      this.#newcomers++;
      this.#join('leecher');
      this.#churnLater();
    });
  }

  #switchOff(peer: SwarmPeer): void {
    this.#switchedOff++;
    peer.kill();
  }

  /** Does what is to be done at a point of progress. */
  #watch(givers: readonly SwarmPeer[]): void {
    const { seedersLeave, killed } = this.#options;
    const { chunkCount } = this.#file.layout;
    let toKill = killed;
    let toLeave = seedersLeave;
    const look = () => {
      const held = this.#first.reduce((sum, peer) => sum + peer.holds(this.#file.fileId), 0);
      if (toKill > 0 && held >= (chunkCount * this.#first.length) / 2) {
        for (const peer of this.#first.slice(0, toKill)) this.#switchOff(peer);
        toKill = 0;
      }
      if (toLeave && this.#everyChunkIsOut()) {
        for (const giver of givers) giver.kill();
        toLeave = false;
      }
      if (toKill > 0 || toLeave) this.#clock.after(LOOK_MS, look);
    };
    if (toKill > 0 || toLeave) this.#clock.after(LOOK_MS, look);
  }

  #everyChunkIsOut(): boolean {
    const { fileId, layout } = this.#file;
    const held = this.#first.filter(({ dead }) => !dead).map(({ disk }) => disk.holdings(fileId));
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
      if (!held.some((each) => each === 'all' || each?.has(chunk))) return false;
    }
    return true;
  }

  #sentBy(givers: readonly SwarmPeer[]): number {
    return givers.reduce((sum, { links }) => sum + links.totals().sent, 0);
  }

  #wastedRatio(): number {
    let received = 0;
    let kept = 0;
    for (const peer of this.#peers) {
      if (peer.dead || peer.options.role !== 'leecher') continue;
      received += peer.links.totals().received;
      kept += peer.status()?.bytes ?? 0;
    }
    return received / Math.max(1, kept) - 1;
  }

  #blame(): SimulationResult['blamed'] {
    const guilty = this.#peers.filter(({ holder }) => this.#blamed.has(holder.peerId));
    const liars = guilty.filter(({ options }) => options.role === 'liar').length;
    return { liars, honest: guilty.length - liars };
  }
}
