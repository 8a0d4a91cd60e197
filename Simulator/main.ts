import { setMaxListeners } from 'node:events';
import { Command } from 'commander';
import { clusterReport, estimate } from './ClusterArithmetic.ts';
import { Simulation, type SimulationOptions } from './Simulation.ts';
import { measureCluster } from './TrackerCluster.ts';

/**
 * `npm run simulate -- --peers 200 --seed 7`: simulates one swarm per seed and compares its time with the lower
 * bound.
 */

const number = (text: string) => Number(text);
const command = new Command('simulate')
  .description('Simulates a swarm with the real links, sessions, slots and scheduler. One seed, one history.')
  .option('--peers <n>', 'peers at the start, seeders among them', number, 200)
  .option('--seeders <n>', 'peers with the whole file at the start', number, 1)
  .option('--seed <n>', 'first seed', number, 1)
  .option('--seeds <n>', 'number of seeds', number, 1)
  .option('--size <MiB>', 'size of the file', number, 256)
  .option('--up <MB/s>', 'upload rate of each peer', number, 25)
  .option('--down <MB/s>', 'download rate of each peer', number, 125)
  .option('--own-limits', 'peers limit themselves on faster lines', false)
  .option('--latency <ms>', 'one-way latency', number, 1)
  .option('--loss <percent>', 'packets lost', number, 5)
  .option('--churn <percent>', 'leechers replaced every minute', number, 2)
  .option('--liars <n>', 'peers that send corrupt data', number, 0)
  .option('--kill <n>', 'leechers switched off half-way', number, 0)
  .option('--seeders-leave', 'seeders are switched off when every chunk is out', false)
  .option(
    '--check',
    'fail when a swarm takes over 1.3 x the bound, wastes 1 % of its bytes, or leaves a peer incomplete',
    false,
  )
  .option(
    '--trackers <n>',
    'instead of a swarm: a cluster of trackers with these --peers, measured and computed',
    number,
  )
  .option('--searches-per-hour <n>', 'with --trackers: searches of one peer', number, 1)
  .option('--downloading <percent>', 'with --trackers: peers that are downloading', number, 5)
  .option('--json', 'one line of JSON per seed', false);

setMaxListeners(0);
const options = command.parse().opts();
if (options.trackers !== undefined) {
  const simulation = { trackers: options.trackers, peers: options.peers };
  const load = { searchesPerHour: options.searchesPerHour, downloading: options.downloading / 100 };
  process.stderr.write('Measuring a tracker of its size takes a minute or more …\n');
  const measured = await measureCluster(simulation);
  const one = estimate(simulation, measured, load);
  console.log(
    options.json ? JSON.stringify({ measured, one }) : clusterReport(simulation, measured, load, one),
  );
  process.exit();
}
for (let seed = options.seed; seed < options.seed + options.seeds; seed++) {
  const swarm: SimulationOptions = {
    seed,
    peers: options.peers,
    seeders: options.seeders,
    bytes: options.size * 2 ** 20,
    upRate: options.up * 1e6,
    downRate: options.down * 1e6,
    ownLimits: options.ownLimits,
    latencyMs: options.latency,
    lossRatio: options.loss / 100,
    churnPerMinute: options.churn / 100,
    liars: options.liars,
    killed: options.kill,
    seedersLeave: options.seedersLeave,
  };
  const startedMs = performance.now();
  const result = await new Simulation(swarm).run();
  const good = result.allDone && result.makespan <= 1.3 * result.bound && result.wastedRatio < 0.01;
  if (options.check && !good) process.exitCode = 1;
  const tookSeconds = (performance.now() - startedMs) / 1_000;
  if (options.json) {
    console.log(JSON.stringify({ seed, ...result, tookSeconds }));
    continue;
  }
  const { makespan, bound, allDone, done, switchedOff, newcomers, wastedRatio, seederCopies, blamed } =
    result;
  console.log(
    `seed ${seed}: ${makespan.toFixed(2)} s, ${(makespan / bound).toFixed(3)} x the bound of ${bound.toFixed(2)} s; ` +
      `${allDone ? `all ${done} finished` : `ONLY ${done} FINISHED`}${switchedOff > 0 ? `, ${switchedOff} switched off, ${newcomers} came later` : ''}; ` +
      `duplicates ${(wastedRatio * 100).toFixed(2)} %; seeders sent it ${seederCopies.toFixed(2)} times` +
      `${blamed.liars + blamed.honest > 0 ? `; blamed ${blamed.liars} liars, ${blamed.honest} honest` : ''} (${tookSeconds.toFixed(1)} s)`,
  );
}
