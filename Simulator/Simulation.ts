import type { PeerId } from '../Protocol/Ids.ts';
import { SeededRandom } from '../Shared/SeededRandom.ts';
import { Directory } from './Directory.ts';
import { SwarmPeer } from './SwarmPeer.ts';
import { Timeline } from './Timeline.ts';
import { virtualFile } from './VirtualDisk.ts';
import { Wire } from './Wire.ts';

/** Parameters of a swarm. Rates in bytes per second. */
export interface SimulationOptions {
  readonly seed: number;
  /** Peers at the start, seeders included. */
  readonly peers: number;
  readonly seeders: number;
  readonly bytes: number;
  readonly upRate: number;
  readonly downRate: number;
  /** Peers limit their uploads to `upRate` on a line ten times as fast; else the line is the limit. */
  readonly ownLimits: boolean;
  readonly latencyMs: number;
  readonly lossRatio: number;
  /** Share of leechers switched off per minute, each replaced by a new one without data. */
  readonly churnPerMinute: number;
  /** Additional peers that claim the whole file and send corrupt data. */
  readonly liars: number;
  /** Switches the seeders off when every chunk has left them once. */
  readonly seedersLeave: boolean;
  /** Leechers switched off when the swarm has half of its bytes. */
  readonly killed: number;
}

export interface SimulationResult {
  /** Time until all initial peers that stayed had everything, in seconds. */
  readonly makespan: number;
  /** Lower bound of the makespan, in seconds. */
  readonly bound: number;
  /** Whether every remaining peer has everything. */
  readonly allDone: boolean;
  readonly done: number;
  readonly switchedOff: number;
  readonly newcomers: number;
  /** Duplicate or corrupt bytes, as a share of the bytes wanted by the remaining peers. */
  readonly wastedRatio: number;
  /** Bytes sent by all seeders, in multiples of the file. */
  readonly seederCopies: number;
  /** Blamed peers: liars, and honest ones. */
  readonly blamed: { readonly liars: number; readonly honest: number };
}

/** Simulated time after which a swarm counts as stuck, in addition to ten times its bound. */
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
  /** Leechers present at the start. */
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
   * Lower bound for the peers present from start to end: every chunk leaves a seeder once, and all uplinks together
   * bring it to all leechers, at the line rate less retransmissions. Peers switched off and newcomers do not count:
   * their downloads cost the others, their uploads are a gift, and a newcomer starts later. Not included: chunks are
   * forwarded only when complete, which costs even an optimal swarm about log2(peers) chunk times.
   */
  #bound(): number {
    const { peers, seeders, bytes, downRate, killed, lossRatio, ownLimits } = this.#options;
    // The peer's own limit counts payload; the line below is faster.
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

  /** Switches off one leecher at random moments and adds another one. */
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

  /** Triggers the events that depend on progress. */
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
